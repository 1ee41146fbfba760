import { agentConfigSchema } from '../../agent/config.ts';
import { permissions } from '../../agent/kubernetes/permissions.ts';
import type { Chart } from './chart.ts';
import {
  claim,
  closedObject,
  count,
  dataClaim,
  flag,
  namesOf,
  networkPolicyParts,
  passedOn,
  secretReference,
  serviceMonitorParts,
  sharedValues,
  text,
} from './shared-values.ts';

export const agentChart: Chart = {
  name: 'farhand-agent',
  schema: agentConfigSchema,
  owned: {
    data: 'persistence',
    automations: 'automations',
    statusListen: 'listenHost; the port is always 7401',
    sessionListen: 'not there yet',
    jobId: 'of agents that end with their job',
    idleSeconds: 'of agents that end with their job',
    tlsCa: 'tls.ca',
    tlsCert: 'tls.clientSecretName',
    tlsKey: 'tls.clientSecretName',
  },
  permissions,
  values: {
    ...sharedValues,
    replicas: count('How many agents; each is one of its own to the hub.', { from: 0, to: 1000 }),
    identity: {
      enum: ['persistent', 'ephemeral'],
      description:
        'persistent: a StatefulSet, each pod with a volume and a name that stay. ephemeral: a Deployment without volumes; a new pod joins anew, with a join token that was made with --ephemeral.',
    },
    persistence: closedObject('The volume of an agent that is persistent.', { ...claim, ...dataClaim }),
    scratch: closedObject('Space of an agent that is ephemeral, and /tmp of both.', {
      dataSize: text('Bound of the data folder; empty: none.'),
      tmpSize: text('Bound of /tmp; empty: none.'),
    }),
    tls: closedObject('How the hub is recognised, and what is shown to it.', {
      ca: closedObject('CAs that are trusted besides those that Node trusts.', {
        secretName: text('A Secret with them.'),
        configMapName: text('Or a ConfigMap.'),
        key: text('Its key.'),
      }),
      clientSecretName: text('A Secret of the type kubernetes.io/tls, for a hub that asks for certificates.'),
    }),
    automations: {
      type: 'object',
      description:
        'Files of the automations folder, by name (NAME.yaml), as text. Changed ones count without a restart.',
      additionalProperties: { type: 'string' },
      propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
    },
    automationsConfigMap: text('A ConfigMap that is there already, instead.'),
    rbac: closedObject('What the agent may do in the cluster, where config.kubernetes is in-cluster.', {
      create: flag('Whether the chart makes the roles.'),
      namespaces: namesOf(
        'More namespaces in which automations make Jobs (`kubernetes.namespace`), besides config.kubernetesNamespace.',
      ),
    }),
    networkPolicy: closedObject(
      'Where the agent may go: the hub, name servers and, if it uses it, the API of the cluster. Nobody may call it but for its metrics.',
      {
        ...networkPolicyParts,
        metricsFrom: passedOn('array', 'Who may ask for its metrics; empty: everybody in the cluster.'),
      },
    ),
    serviceMonitor: closedObject('For the operator of Prometheus.', serviceMonitorParts),
    test: closedObject('What `helm test` runs besides asking whether the agents are ready.', {
      token: secretReference('A token of the role operator.'),
      hubUrl: text('Where people find the hub; empty: where the agent does.'),
      automation: text('A job to run on one of these agents.'),
    }),
  },
};
