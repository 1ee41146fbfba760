{{- define "farhand-agent.isEphemeral" -}}
{{- if eq .Values.identity "ephemeral" -}}yes{{- end -}}
{{- end }}

{{- /* One that is alone keeps its name when its pod gets another. */ -}}
{{- define "farhand-agent.keptName" -}}
{{- if .Values.config.name -}}
{{ .Values.config.name }}
{{- else if and (include "farhand-agent.isEphemeral" .) (le (int .Values.replicas) 1) -}}
{{ include "farhand.fullname" . }}
{{- end -}}
{{- end }}

{{- define "farhand-agent.usesCluster" -}}
{{- if eq (get .Values.config "kubernetes" | default "off") "in-cluster" -}}yes{{- end -}}
{{- end }}

{{- define "farhand-agent.makesJobs" -}}
{{- if ne (get .Values.config "kubernetes" | default "off") "off" -}}yes{{- end -}}
{{- end }}

{{- /*
The chart's own image, where nobody says another. None where a runner would not get through: it is not given the agent's client certificate and proxy, so
it is the values' word that it has its own (config.kubernetesRunnerSecret), or that pods reach the hub another way (config.kubernetesHubUrls); and none where the cluster knows no sidecars.
*/ -}}
{{- define "farhand-agent.runnerImage" -}}
{{- $isOnItsOwn := not (or .Values.tls.clientSecretName .Values.secrets.proxy.name) -}}
{{- if and (include "farhand-agent.makesJobs" .) (or $isOnItsOwn .Values.config.kubernetesHubUrls .Values.config.kubernetesRunnerSecret) (semverCompare ">=1.29-0" .Capabilities.KubeVersion.Version) -}}
{{ include "farhand.image" . }}
{{- end -}}
{{- end }}

{{- /* What the agent is told that no value says. */ -}}
{{- define "farhand-agent.defaults" -}}
{{- $own := dict -}}
{{- if include "farhand-agent.keptName" . }}{{ $_ := set $own "name" (include "farhand-agent.keptName" .) }}{{ end -}}
{{- /* Nobody adopts what it leaves. */ -}}
{{- if include "farhand-agent.isEphemeral" . }}{{ $_ := set $own "drainThen" "cancel-all" }}{{ end -}}
{{- with include "farhand-agent.runnerImage" . }}
{{- $_ := set $own "kubernetesRunnerImage" . }}
{{- $_ := set $own "kubernetesRunnerPullPolicy" $.Values.image.pullPolicy }}
{{- with $.Values.image.pullSecrets }}
{{- $names := list }}{{ range . }}{{ $names = append $names .name }}{{ end }}
{{- $_ := set $own "kubernetesRunnerPullSecrets" (join "," $names) }}
{{- end }}
{{- end -}}
{{ toJson $own }}
{{- end }}

{{- define "farhand-agent.automationsConfigMap" -}}
{{- if .Values.automationsConfigMap -}}
{{ .Values.automationsConfigMap }}
{{- else if .Values.automations -}}
{{ include "farhand.fullname" . }}-automations
{{- end -}}
{{- end }}

{{- define "farhand-agent.drainThen" -}}
{{- .Values.config.drainThen | default (ternary "cancel-all" "cancel" (ne (include "farhand-agent.isEphemeral" .) "")) -}}
{{- end }}

{{- /* The drain, then the grace of the jobs that are stopped, then 25 s at most until the hub knows and the agent has left, or 55 s where other machines end them (cli/drain-agent.ts). */ -}}
{{- define "farhand-agent.gracePeriod" -}}
{{- $drain := include "farhand.configured" (dict "root" . "key" "drainSeconds") | float64 | ceil -}}
{{- $grace := include "farhand.configured" (dict "root" . "key" "graceSeconds") | float64 | ceil -}}
{{ add $drain $grace (ternary 60 30 (eq (include "farhand-agent.drainThen" .) "cancel-all")) | int }}
{{- end }}

{{- /* The volume of the CAs that are trusted. */ -}}
{{- define "farhand-agent.authorities" -}}
{{- with .Values.tls.ca }}
{{- if .secretName }}
- name: tls-ca
  secret: {secretName: {{ .secretName }}, items: [{key: {{ .key | quote }}, path: ca.crt}]}
{{- else if .configMapName }}
- name: tls-ca
  configMap: {name: {{ .configMapName }}, items: [{key: {{ .key | quote }}, path: ca.crt}]}
{{- end }}
{{- end }}
{{- end }}

{{- /* What Kubernetes would take, and the agent would not. */ -}}
{{- define "farhand-agent.check" -}}
{{- include "farhand.check" (dict "root" .) }}
{{- if not .Values.config.hubUrls }}
{{- fail "config.hubUrls: expected where the hub is, such as wss://hub.example.org, got nothing" }}
{{- end }}
{{- if not .Values.config.insecure }}
{{- range splitList "," .Values.config.hubUrls }}
{{- $url := trim . }}
{{- if and (regexMatch "^(ws|grpc)://" $url) (not (regexMatch "^[a-z]+://(localhost|127(\\.[0-9]+){3}|\\[::1\\])(:|/|$)" $url)) }}
{{- fail (printf "config.hubUrls: expected wss:// or grpcs:// for a hub outside of the pod, got %s. Or set config.insecure=true, where the network may carry tokens and secrets in the clear" $url) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.config.name (gt (int .Values.replicas) 1) }}
{{- fail (printf "config.name: expected it not to be set with %d replicas: each agent needs a name of its own, and has that of its pod" (int .Values.replicas)) }}
{{- end }}
{{- if and (include "farhand-agent.isEphemeral" .) (not .Values.secrets.joinToken.name) }}
{{- fail "secrets.joinToken: expected a Secret with a join token (`farhand token create --join --ephemeral`), got none: an agent that is ephemeral joins again with each pod" }}
{{- end }}
{{- if and .Values.persistence.existingClaim (gt (int .Values.replicas) 1) }}
{{- fail (printf "persistence.existingClaim: expected one replica with it, got %d: each agent needs a volume of its own" (int .Values.replicas)) }}
{{- end }}
{{- if and .Values.tls.ca.secretName .Values.tls.ca.configMapName }}
{{- fail "tls.ca: expected a Secret or a ConfigMap, got both" }}
{{- end }}
{{- if and .Values.automations .Values.automationsConfigMap }}
{{- fail "automations: expected it to be empty with automationsConfigMap, which is used instead" }}
{{- end }}
{{- end }}
