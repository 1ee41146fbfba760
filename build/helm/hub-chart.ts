import { hubConfigSchema } from '../../hub/config.ts';
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

export const hubChart: Chart = {
  name: 'farhand-hub',
  schema: hubConfigSchema,
  owned: {
    listen: 'listenHost; the port is always 7400',
    data: 'persistence',
    store: 'not there yet',
    tlsCert: 'tls.secretName',
    tlsKey: 'tls.secretName',
    tlsClientCa: 'tls.clientCa',
  },
  permissions: null,
  values: {
    ...sharedValues,
    replicas: count('1, or 0 to stop the hub and keep everything.', { from: 0, to: 1000 }),
    tls: closedObject(
      'The certificate of the hub itself. Without it: config.insecure, with something before it that adds TLS.',
      {
        secretName: text('A Secret of the type kubernetes.io/tls. A renewed one is taken into use by itself.'),
        clientCa: secretReference('CAs whose certificates clients have to show.'),
      },
    ),
    persistence: closedObject('The volume of the store, the logs and the key.', {
      enabled: flag('Without one, everything is gone with the pod.'),
      ...claim,
      ...dataClaim,
    }),
    service: closedObject('Where the hub is found in the cluster.', {
      type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
      nodePort: { type: ['integer', 'null'], description: 'The port of the nodes.' },
      port: count('Its port.', { from: 1, to: 65_535 }),
      annotations: passedOn('object', 'Its annotations.'),
      labels: passedOn('object', 'More labels.'),
      loadBalancerClass: text('Who makes the LoadBalancer; empty: the usual one of the cluster.'),
      loadBalancerSourceRanges: namesOf('Networks that may call the LoadBalancer, such as 203.0.113.0/24; empty: all.'),
      externalTrafficPolicy: {
        enum: ['', 'Cluster', 'Local'],
        description: 'Local: the hub sees the addresses of those that call a LoadBalancer or NodePort.',
      },
    }),
    ingress: closedObject('A front for people and for agents that dial wss://.', {
      enabled: flag('Whether there is one.'),
      className: text('Its IngressClass.'),
      annotations: passedOn('object', 'Its annotations. Those of the default are for ingress-nginx.'),
      host: text('The name that agents and people dial.'),
      path: {
        ...text('Where the hub is found below that name, such as /farhand; empty: at its root. For ingress-nginx.'),
        pattern: '^(/[A-Za-z0-9._~-]+)*$',
      },
      tlsSecretName: text('The Secret with the certificate of that name.'),
    }),
    networkPolicy: closedObject('Who may call the hub, and where it may go.', {
      ...networkPolicyParts,
      from: passedOn('array', 'Who may call it; empty: everybody.'),
    }),
    serviceMonitor: closedObject('For the operator of Prometheus.', {
      ...serviceMonitorParts,
      token: secretReference('A token of the account default, of the role viewer.'),
      tlsConfig: passedOn(
        'object',
        'How Prometheus recognises a hub with TLS; empty: by ca.crt of tls.secretName, and the name of the Service.',
      ),
    }),
    prometheusRule: closedObject(
      'Alerts of hubs and agents, for the operator of Prometheus: one for all that it scrapes.',
      {
        enabled: flag('Whether there are any.'),
        labels: passedOn('object', 'Labels by which they are found.'),
      },
    ),
    backup: closedObject('Copies of the store and the logs on another volume, by a CronJob on the node of the hub.', {
      enabled: flag('Whether there are any.'),
      schedule: text('When, as in a crontab.'),
      keepDays: count('How many days a copy is kept.', { from: 1, to: 36_500 }),
      deadlineSeconds: count('How long one may take, with the time that its pod needs to start.', {
        from: 60,
        to: 31_536_000,
      }),
      withoutSecretKey: flag('Leave out the key that secrets of open jobs are sealed with.'),
      ...claim,
    }),
  },
};
