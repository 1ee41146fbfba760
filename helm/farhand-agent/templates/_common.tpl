{{- /*
The same in both charts: `npm run docs:helm` copies helm/common/_common.tpl there.
*/ -}}

{{- define "farhand.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- /* Shorter than 53: a StatefulSet adds a hash to its name and makes a label of that. */ -}}
{{- define "farhand.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- /* What Kubernetes would refuse in other words, or take though it does not fit what else the chart makes. `own`: variables that it sets. */ -}}
{{- define "farhand.check" -}}
{{- $name := include "farhand.fullname" .root }}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) }}
{{- fail (printf "fullnameOverride: expected a name of small letters, digits and hyphens that begins with a letter, as Services have, got %s, which is made of the names of release and chart where nothing else is said" $name) }}
{{- end }}
{{- $variables := .root.Files.Get "generated/variables.json" | fromJson }}
{{- range .root.Values.extraEnv }}
{{- $variable := get . "name" }}
{{- with get $variables.owned $variable }}
{{- fail (printf "extraEnv: expected %s not to be there, which the chart says itself (%s)" $variable .) }}
{{- end }}
{{- range $key, $known := $variables.config }}
{{- if and (eq $variable $known) (or (has $key (list "drainSeconds" "drainThen" "graceSeconds")) (not (kindIs "invalid" (index $.root.Values.config $key)))) }}
{{- fail (printf "extraEnv: expected %s as config.%s, and there alone: it would be there twice, or the time that a pod is given to end would not follow" $variable $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "farhand.selectorLabels" -}}
app.kubernetes.io/name: {{ include "farhand.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "farhand.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "farhand.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Of a pod that is no part of the workload, or of one with `component` empty that is. */ -}}
{{- define "farhand.podLabels" -}}
app.kubernetes.io/name: {{ include "farhand.name" .root }}{{ with .component }}-{{ . }}{{ end }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with merge (dict) .labels .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Labels of one kind of object, beside those of all: nothing may be there twice. */ -}}
{{- define "farhand.moreLabels" -}}
{{- range $key, $value := .labels }}
{{- if not (hasKey $.root.Values.commonLabels $key) }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "farhand.metadata" -}}
name: {{ include "farhand.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "farhand.labels" . | nindent 2 }}
{{- end }}

{{- define "farhand.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "farhand.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "farhand.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "farhand.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "farhand.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "farhand.labels" . | nindent 4 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
{{- end }}

{{- /* A value as the text of a variable. Numbers come as floating point, which would write a million as 1e+06. */ -}}
{{- define "farhand.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}
{{ printf "%.0f" . }}
{{- else -}}
{{ . }}
{{- end -}}
{{- end }}

{{- /* The value of a key of the configuration, or what the program takes without one. */ -}}
{{- define "farhand.configured" -}}
{{- $variables := .root.Files.Get "generated/variables.json" | fromJson -}}
{{- $value := index .root.Values.config .key -}}
{{- if kindIs "invalid" $value -}}
{{ get $variables.defaults .key }}
{{- else if not (kindIs "string" $value) -}}
{{ include "farhand.text" $value }}
{{- else -}}
{{ $value }}
{{- end -}}
{{- end }}

{{- /* config and secrets of the values as variables. `defaults`: values of config that are the chart's own, where the values have none. */ -}}
{{- define "farhand.environment" -}}
{{- $variables := .root.Files.Get "generated/variables.json" | fromJson -}}
{{- $config := dict -}}
{{- range list .defaults .root.Values.config }}
{{- range $key, $value := . }}{{ if not (kindIs "invalid" $value) }}{{ $_ := set $config $key $value }}{{ end }}{{ end }}
{{- end }}
{{- range $key, $value := $config }}
{{- if ne (toString $value) "" }}
- name: {{ get $variables.config $key | required (printf "config.%s: there is no such key" $key) }}
  value: {{ include "farhand.text" $value | quote }}
{{- end }}
{{- end }}
{{- range $key, $secret := .root.Values.secrets }}
{{- if $secret.name }}
- name: {{ get $variables.secrets $key | required (printf "secrets.%s: there is no such key" $key) }}
  value: /etc/farhand/secrets/{{ $key }}/value
{{- end }}
{{- end }}
{{- with .root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "farhand.secretMounts" -}}
{{- range $key, $secret := .Values.secrets }}
{{- if $secret.name }}
- name: secret-{{ $key | kebabcase }}
  mountPath: /etc/farhand/secrets/{{ $key }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- define "farhand.secretVolumes" -}}
{{- range $key, $secret := .Values.secrets }}
{{- if $secret.name }}
- name: secret-{{ $key | kebabcase }}
  secret:
    secretName: {{ $secret.name }}
    defaultMode: 0440
    items: [{key: {{ required (printf "secrets.%s.key: expected the key of the Secret %s" $key $secret.name) $secret.key | quote }}, path: value}]
{{- end }}
{{- end }}
{{- end }}

{{- /* What every pod has that runs the image. */ -}}
{{- define "farhand.podBasics" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
enableServiceLinks: false
{{- end }}

{{- define "farhand.spreading" -}}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- /* Without a selector, Kubernetes spreads nothing. */}}
  {{- $own := dict "labelSelector" (dict "matchLabels" (include "farhand.selectorLabels" $ | fromYaml)) }}
  - {{- toYaml (ternary . (merge (dict) . $own) (hasKey . "labelSelector")) | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "farhand.initContainers" -}}
{{- with .Values.extraInitContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* How the operator of Prometheus asks, beside where. */ -}}
{{- define "farhand.scraping" -}}
interval: {{ .interval }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "farhand.containerBasics" -}}
image: {{ include "farhand.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The spec of a claim: size, storageClass and accessModes of the values. */ -}}
{{- define "farhand.claimSpec" -}}
accessModes:
  {{- toYaml .accessModes | nindent 2 }}
{{- if eq .storageClass "-" }}
storageClassName: ""
{{- else if .storageClass }}
storageClassName: {{ .storageClass }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end }}

{{- define "farhand.podDisruptionBudget" -}}
{{- if .Values.podDisruptionBudget.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "farhand.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .Values.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "farhand.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end }}

{{- /* The pod of `helm test`, in the rules of a policy that says who else may call. */ -}}
{{- define "farhand.testPod" -}}
- podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ include "farhand.name" . }}-test
      app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "farhand.nameServers" -}}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- end }}
