const text = { type: 'string' };
const flag = { type: 'boolean' };
const keyOfSecret = closed({ name: text, key: text, optional: flag }, ['key']);
const keyOfEither = closed({ secret: keyOfSecret, configMap: keyOfSecret });
const duration = { ...text, pattern: '^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?)$' };

const endpoint = closed({
  port: text,
  path: text,
  interval: duration,
  scrapeTimeout: duration,
  scheme: { ...text, enum: ['http', 'https'] },
  authorization: closed({ type: text, credentials: keyOfSecret }),
  tlsConfig: closed({
    ca: keyOfEither,
    cert: keyOfEither,
    keySecret: keyOfSecret,
    insecureSkipVerify: flag,
    serverName: text,
  }),
});

/**
 * ServiceMonitors as the operator of Prometheus brings them to a cluster, as far as charts use them: a server that has this refuses a field that is none.
 * Source: prometheus-operator 0.84, monitoring.coreos.com_servicemonitors.yaml.
 */
export const serviceMonitorDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'servicemonitors.monitoring.coreos.com' },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { kind: 'ServiceMonitor', plural: 'servicemonitors', singular: 'servicemonitor' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: closed(
                {
                  selector: closed({ matchLabels: { type: 'object', additionalProperties: text } }),
                  endpoints: { type: 'array', items: endpoint },
                },
                ['endpoints', 'selector'],
              ),
            },
          },
        },
      },
    ],
  },
};

function closed(properties: Readonly<Record<string, object>>, required: readonly string[] = []) {
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
}
