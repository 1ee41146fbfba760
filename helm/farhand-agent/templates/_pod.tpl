{{- define "farhand-agent.podTemplate" -}}
metadata:
  labels:
    {{- include "farhand.podLabels" (dict "root" . "labels" .Values.podLabels) | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "farhand.podBasics" . | nindent 2 }}
  {{- include "farhand.spreading" . | nindent 2 }}
  serviceAccountName: {{ include "farhand.serviceAccountName" . }}
  # That of the agent is mounted below: in its container, and in none beside it.
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ include "farhand-agent.gracePeriod" . }}
  {{- include "farhand.initContainers" . | nindent 2 }}
  containers:
    - name: agent
      {{- include "farhand.containerBasics" . | nindent 6 }}
      args: [agent]
      env:
        - name: FARHAND_DATA
          value: /var/lib/farhand/data
        - name: FARHAND_AUTOMATIONS
          value: /etc/farhand/automations
        - name: FARHAND_STATUS_LISTEN
          value: {{ printf "%s:7401" .Values.listenHost | quote }}
        {{- if or .Values.tls.ca.secretName .Values.tls.ca.configMapName }}
        - name: FARHAND_TLS_CA
          value: /etc/farhand/tls-ca/ca.crt
        {{- end }}
        {{- if .Values.tls.clientSecretName }}
        - name: FARHAND_TLS_CERT
          value: /etc/farhand/tls/tls.crt
        - name: FARHAND_TLS_KEY
          value: /etc/farhand/tls/tls.key
        {{- end }}
        {{- include "farhand.environment" (dict "root" . "defaults" (include "farhand-agent.defaults" . | fromJson)) | nindent 8 }}
      {{- with .Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - {name: status, containerPort: 7401}
      startupProbe:
        httpGet: {path: /livez, port: status}
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 300
      livenessProbe:
        httpGet: {path: /livez, port: status}
        periodSeconds: 20
        timeoutSeconds: 10
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: status}
        periodSeconds: 5
        timeoutSeconds: 5
      volumeMounts:
        - {name: data, mountPath: /var/lib/farhand}
        - {name: tmp, mountPath: /tmp}
        {{- if include "farhand-agent.usesCluster" . }}
        - {name: cluster-token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
        {{- end }}
        {{- if include "farhand-agent.automationsConfigMap" . }}
        - {name: automations, mountPath: /etc/farhand/automations, readOnly: true}
        {{- end }}
        {{- if or .Values.tls.ca.secretName .Values.tls.ca.configMapName }}
        - {name: tls-ca, mountPath: /etc/farhand/tls-ca, readOnly: true}
        {{- end }}
        {{- if .Values.tls.clientSecretName }}
        - {name: tls, mountPath: /etc/farhand/tls, readOnly: true}
        {{- end }}
        {{- include "farhand.secretMounts" . | nindent 8 }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - name: tmp
      emptyDir: {{ with .Values.scratch.tmpSize }}{sizeLimit: {{ . }}}{{ else }}{}{{ end }}
    {{- if include "farhand-agent.isEphemeral" . }}
    - name: data
      emptyDir: {{ with .Values.scratch.dataSize }}{sizeLimit: {{ . }}}{{ else }}{}{{ end }}
    {{- else if .Values.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim: {claimName: {{ .Values.persistence.existingClaim }}}
    {{- end }}
    {{- if include "farhand-agent.usesCluster" . }}
    - name: cluster-token
      projected:
        sources:
          - serviceAccountToken: {path: token, expirationSeconds: 3607}
          - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
          - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
    {{- end }}
    {{- with include "farhand-agent.automationsConfigMap" . }}
    - name: automations
      configMap: {name: {{ . }}}
    {{- end }}
    {{- include "farhand-agent.authorities" . | nindent 4 }}
    {{- with .Values.tls.clientSecretName }}
    - name: tls
      secret: {secretName: {{ . }}, defaultMode: 0440}
    {{- end }}
    {{- include "farhand.secretVolumes" . | nindent 4 }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
