{{- define "farhand-hub.scheme" -}}
{{ ternary "https" "http" (ne .Values.tls.secretName "") }}
{{- end }}

{{- define "farhand-hub.address" -}}
{{ include "farhand-hub.scheme" . }}://{{ include "farhand.fullname" . }}.{{ .Release.Namespace }}.svc:{{ .Values.service.port }}
{{- end }}

{{- /* Nobody without a certificate gets in, so kubelet cannot ask: it sees no more than that the port is open. */ -}}
{{- define "farhand-hub.wantsCertificates" -}}
{{- $wanted := .Values.config.tlsClient | default "required" -}}
{{- if and .Values.tls.clientCa.name (ne $wanted "optional") -}}yes{{- end -}}
{{- end }}

{{- define "farhand-hub.probe" -}}
{{- if include "farhand-hub.wantsCertificates" .root }}
tcpSocket: {port: http}
{{- else }}
httpGet: {path: {{ .path }}, port: http, scheme: {{ include "farhand-hub.scheme" .root | upper }}}
{{- end }}
{{- end }}

{{- /* Shorter than that of the hub may be: a CronJob adds a number to its name. */ -}}
{{- define "farhand-hub.backupName" -}}
{{ include "farhand.fullname" . | trunc 45 | trimSuffix "-" }}-backup
{{- end }}

{{- define "farhand-hub.claimName" -}}
{{ .Values.persistence.existingClaim | default (printf "data-%s-0" (include "farhand.fullname" .)) }}
{{- end }}

{{- /* What Kubernetes would take, and the hub would not. */ -}}
{{- define "farhand-hub.check" -}}
{{- include "farhand.check" (dict "root" .) }}
{{- if gt (int .Values.replicas) 1 }}
{{- fail (printf "replicas: expected 1, or 0 to stop the hub, got %d: the hub keeps its state in a store on its own volume, and several would be several hubs that know nothing of one another. One is started again within seconds, and jobs run on meanwhile" (int .Values.replicas)) }}
{{- end }}
{{- if and (not .Values.tls.secretName) (not .Values.config.insecure) }}
{{- fail "tls.secretName: expected a Secret with the hub's certificate (type kubernetes.io/tls), got none. Or set config.insecure=true, where an ingress adds TLS, or where the network of the cluster may carry tokens in the clear" }}
{{- end }}
{{- if and .Values.tls.clientCa.name (not .Values.tls.secretName) }}
{{- fail "tls.clientCa: expected tls.secretName with it: without TLS nobody can show a certificate" }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled (not .Values.serviceMonitor.token.name) }}
{{- fail "serviceMonitor.token: expected a Secret with a token of the account default (`farhand token create --role viewer --name prometheus`), got none: the hub tells its metrics to nobody else" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- fail "ingress.host: expected the name that agents and people dial, got nothing" }}
{{- end }}
{{- if and .Values.backup.enabled (not .Values.persistence.enabled) }}
{{- fail "backup.enabled: expected persistence.enabled with it: there is nothing to copy that outlives the pod" }}
{{- end }}
{{- if and .Values.backup.enabled (has "ReadWriteOncePod" .Values.persistence.accessModes) }}
{{- fail "persistence.accessModes: expected ReadWriteOnce with backup.enabled, got ReadWriteOncePod: copies are made by a pod beside that of the hub" }}
{{- end }}
{{- end }}
