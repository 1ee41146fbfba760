export type Values = Readonly<Record<string, object | string | number | boolean>>;

export const plainHub: Values = { config: { insecure: true } };
/** What the charts are tried with: each combination has a name that goes on with that of the chart. */
export const hubValues: Readonly<Record<string, Values>> = {
  'without TLS': plainHub,
  'with TLS': { tls: { secretName: 'hub-tls' } },
  'with certificates of clients': { tls: { secretName: 'hub-tls', clientCa: { name: 'clients', key: 'ca.crt' } } },
  'below a path': { ...plainHub, ingress: { enabled: true, host: 'example.org', path: '/tools/far.hand' } },
  'with TLS and metrics': {
    tls: { secretName: 'hub-tls' },
    serviceMonitor: {
      enabled: true,
      token: { name: 'viewer', key: 'token' },
      tlsConfig: { ca: { configMap: { name: 'authorities', key: 'ca.crt' } }, serverName: 'hub.example.org' },
    },
  },
  'without a volume': { ...plainHub, persistence: { enabled: false } },
  'with a claim that is there': { ...plainHub, persistence: { existingClaim: 'mine' } },
  'with everything switched on': {
    config: { insecure: true, keepJobs: 1_000_000, drainSeconds: 90.5, oidcIssuer: 'https://id.example.org:8443/x' },
    secrets: { adminToken: { name: 'admin', key: 'token' } },
    image: { repository: 'registry.example.org/x/farhand', digest: 'sha256:abc', pullSecrets: [{ name: 'pull' }] },
    ingress: { enabled: true, host: 'hub.example.org', className: 'nginx', tlsSecretName: 'front' },
    networkPolicy: { enabled: true, from: [{ namespaceSelector: {} }], extraEgress: [{ ports: [{ port: 443 }] }] },
    serviceMonitor: { enabled: true, labels: { release: 'p' }, token: { name: 'viewer', key: 'token' } },
    prometheusRule: { enabled: true, labels: { release: 'p' } },
    backup: { enabled: true, withoutSecretKey: true },
    fullnameOverride: 'a-name-that-is-as-long-as-a-name-of-a-release-could-be',
    service: { type: 'NodePort', nodePort: 30_740, annotations: { a: 'b' } },
    podAnnotations: { a: 'b' },
    podLabels: { team: 'x' },
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
    priorityClassName: 'high',
    extraEnv: [{ name: 'TZ', value: 'UTC' }],
    extraVolumes: [{ name: 'extra', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'extra', mountPath: '/extra' }],
  },
  'with nothing that can be left out': {
    ...plainHub,
    replicas: 0,
    podDisruptionBudget: { enabled: false },
    serviceAccount: { create: false, name: 'mine' },
    resources: {},
    fullnameOverride: 'a-name-that-is-much-longer-than-any-name-of-an-object-may-be-in-a-cluster',
  },
};

export const plainAgent: Values = { config: { hubUrls: 'wss://hub.example.org' } };
export const join = { joinToken: { name: 'join', key: 'token' } };
export const agentValues: Readonly<Record<string, Values>> = {
  persistent: { ...plainAgent, secrets: join },
  'one of many': { ...plainAgent, secrets: join, replicas: 3 },
  ephemeral: { ...plainAgent, secrets: join, identity: 'ephemeral' },
  'ephemeral, of many': { ...plainAgent, secrets: join, identity: 'ephemeral', replicas: 3 },
  'in its cluster': {
    config: { hubUrls: 'wss://h', kubernetes: 'in-cluster', kubernetesInventory: true, kubernetesNamespace: 'jobs' },
    rbac: { namespaces: ['more-jobs', 'tools'] },
    image: { repository: 'registry.example.org/farhand', tag: '1', pullSecrets: [{ name: 'login' }] },
  },
  'with a claim that is there': { ...plainAgent, persistence: { existingClaim: 'mine' } },
  'with everything switched on': {
    config: {
      hubUrls: 'wss://hub.example.org,grpcs://hub.example.org:7443',
      name: 'edge-1',
      labels: 'site=ams,tier=edge',
      drainSeconds: 600,
      graceSeconds: 30,
      spoolBytes: 1_073_741_824,
      admissionIo: 'never',
    },
    secrets: { ...join, proxy: { name: 'proxy', key: 'url' } },
    automations: { 'hello.yaml': 'kind: command\nrun: [echo, "a: b"]\n', 'x.yaml': '  kind: script\n' },
    tls: { ca: { configMapName: 'authorities', key: 'ca.crt' }, clientSecretName: 'agent-tls' },
    networkPolicy: { enabled: true, metricsFrom: [{ podSelector: {} }], extraEgress: [{ ports: [{ port: 22 }] }] },
    serviceMonitor: { enabled: true, labels: { release: 'p' } },
    test: { token: { name: 'operator', key: 'token' }, automation: 'hello' },
    scratch: { tmpSize: '1Gi' },
    tolerations: [{ operator: 'Exists' }],
    extraEnv: [{ name: 'HTTPS_PROXY', valueFrom: { secretKeyRef: { name: 'proxy', key: 'url' } } }],
  },
  'with nothing that can be left out': {
    ...plainAgent,
    automationsConfigMap: 'mine',
    tls: { ca: { secretName: 'authorities', key: 'ca.pem' } },
    persistence: { storageClass: '-', whenDeleted: 'Delete' },
    podDisruptionBudget: { enabled: false },
    serviceAccount: { create: false },
    resources: {},
    fullnameOverride: 'a-name-that-is-much-longer-than-any-name-of-an-object-may-be-in-a-cluster',
  },
};
