import type { JsonSchema } from '../../runtime/configuration/config-key.ts';

/** Values that both charts have, and what their schemas are made of. */

export function closedObject(description: string, properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', description, additionalProperties: false, properties };
}

/** A part of a manifest that is passed on as it is: Kubernetes knows what belongs there. */
export function passedOn(type: 'object' | 'array', description: string): JsonSchema {
  return { type, description };
}

export function text(description: string): JsonSchema {
  return { type: 'string', description };
}

export function namesOf(description: string): JsonSchema {
  return { type: 'array', description, items: { type: 'string', minLength: 1 } };
}

export function flag(description: string): JsonSchema {
  return { type: 'boolean', description };
}

export function count(description: string, { from, to }: { readonly from: number; readonly to: number }): JsonSchema {
  return { type: 'integer', description, minimum: from, maximum: to };
}

/** A key of an object in the namespace of the release; without a name there is none. */
export function secretReference(description: string): JsonSchema {
  return closedObject(description, { name: text('Name of the Secret.'), key: text('Its key.') });
}

const volume = {
  size: text('How large the volume is to be, such as 10Gi.'),
  storageClass: text(
    'Its StorageClass; empty: the usual one of the cluster; "-": none, for volumes that were made by hand.',
  ),
  accessModes: passedOn('array', 'How it may be mounted.'),
  annotations: passedOn('object', 'Annotations of the claim.'),
};

export const claim: Readonly<Record<string, JsonSchema>> = {
  ...volume,
  existingClaim: text('A claim that is there already, instead of one of the chart.'),
};

export const dataClaim: Readonly<Record<string, JsonSchema>> = {
  ...volume,
  whenDeleted: {
    enum: ['Retain', 'Delete'],
    description:
      'What becomes of the claim when the release is uninstalled: Delete takes the data along (Kubernetes 1.27).',
  },
};

export const networkPolicyParts: Readonly<Record<string, JsonSchema>> = {
  enabled: flag('Whether there is one. It does something where the network of the cluster enforces policies.'),
  extraIngress: passedOn('array', 'More rules for what may come in.'),
  extraEgress: passedOn('array', 'More rules for where it may go.'),
};

export const serviceMonitorParts: Readonly<Record<string, JsonSchema>> = {
  enabled: flag('Whether there is one.'),
  labels: passedOn('object', 'Labels by which it is found.'),
  interval: text('How often it is asked, such as 30s.'),
  scrapeTimeout: text('How long an answer may take; empty: what Prometheus says.'),
  relabelings: passedOn('array', 'What is changed of a target before it is asked.'),
  metricRelabelings: passedOn('array', 'What is changed of its samples before they are kept.'),
};

/** Labels that the charts set. They select by some of them. */
const notOfTheChart: JsonSchema = {
  not: {
    enum: [
      ...['name', 'instance', 'version', 'managed-by'].map((name) => `app.kubernetes.io/${name}`),
      'helm.sh/chart',
    ],
  },
};

/** Labels or annotations: whoever writes `true` without quotes is told here. */
function texts(description: string): JsonSchema {
  return { ...passedOn('object', description), additionalProperties: { type: 'string' } };
}

export const sharedValues: Readonly<Record<string, JsonSchema>> = {
  global: passedOn('object', 'Of the chart above this one; not read.'),
  nameOverride: text('Instead of the name of the chart in names and labels.'),
  fullnameOverride: text('What everything is called, instead of a name made of the release and the chart.'),
  commonLabels: {
    ...texts('More labels of all that the chart makes, pods included; claims of a StatefulSet keep theirs.'),
    propertyNames: notOfTheChart,
  },
  image: closedObject('The image of farhand.', {
    repository: text('Registry and name.'),
    tag: text('Empty: the version of the chart.'),
    digest: text('sha256:…; counts instead of the tag.'),
    pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
    pullSecrets: {
      ...passedOn('array', 'Secrets to pull it with: [{name: …}].'),
      items: { ...closedObject('One of them.', { name: text('Its name.') }), required: ['name'] },
    },
  }),
  serviceAccount: closedObject('Whom the pods are to the cluster.', {
    create: flag('Whether the chart makes it.'),
    name: text('Its name; empty: that of the release.'),
    annotations: passedOn('object', 'Its annotations.'),
  }),
  listenHost: text('Where the ports are opened: 0.0.0.0, or [::] in a cluster with IPv6.'),
  podSecurityContext: passedOn('object', 'Of the pods. The default fits the standard "restricted".'),
  securityContext: passedOn('object', 'Of the containers. The default fits the standard "restricted".'),
  resources: passedOn('object', 'Of the container.'),
  podAnnotations: texts('More annotations of the pods.'),
  podLabels: { ...texts('More labels of the pods.'), propertyNames: notOfTheChart },
  nodeSelector: texts('Labels that a node must have.'),
  tolerations: passedOn('array', 'Taints that do not matter.'),
  affinity: passedOn('object', 'Where pods like to be.'),
  topologySpreadConstraints: passedOn(
    'array',
    'How pods are spread; one without labelSelector is about those of the release.',
  ),
  priorityClassName: text('The PriorityClass of the pods.'),
  runtimeClassName: text('The RuntimeClass of the pods.'),
  hostAliases: passedOn('array', 'Names that the pods know without asking a name server.'),
  dnsPolicy: text('Which name servers the pods ask; empty: those of the cluster.'),
  dnsConfig: passedOn('object', 'More of them, and how they are asked.'),
  extraEnv: passedOn('array', 'More variables of the container, as in a manifest.'),
  extraEnvFrom: passedOn('array', 'ConfigMaps and Secrets whose keys are variables of the container.'),
  extraInitContainers: passedOn('array', 'Containers that end before the one of farhand starts.'),
  extraContainers: passedOn('array', 'Containers beside the one of farhand.'),
  extraVolumes: passedOn('array', 'More volumes of the pods.'),
  extraVolumeMounts: passedOn('array', 'Where they are mounted.'),
  podDisruptionBudget: closedObject('How many pods may be away when nodes are emptied.', {
    enabled: flag('Whether there is one.'),
    maxUnavailable: {
      description: 'A number, or a percentage; 0 lets no node be emptied by itself.',
      type: ['integer', 'string'],
    },
  }),
};
