import type { JsonObject } from '../../../../protocol/json.ts';

export interface PatchVector {
  readonly title: string;
  readonly template: JsonObject;
  readonly patch: JsonObject;
  readonly merged: JsonObject;
}

const image = 'localhost/busybox:1';
const main = { name: 'main', image };

/** What a strategic merge makes of a pod's template. `test/kubernetes/patch-vectors.test.ts` asks an API server for the same. */
export const patchVectors: readonly PatchVector[] = [
  {
    title: 'leaves containers alone that it does not name',
    template: { spec: { containers: [main] } },
    patch: { spec: { nodeSelector: { disk: 'ssd' } } },
    merged: { spec: { containers: [main], nodeSelector: { disk: 'ssd' } } },
  },
  {
    title: 'merges a container by its name',
    template: { spec: { containers: [{ ...main, env: [{ name: 'A', value: '1' }] }] } },
    patch: { spec: { containers: [{ name: 'main', imagePullPolicy: 'Never', env: [{ name: 'B', value: '2' }] }] } },
    merged: {
      spec: {
        containers: [
          {
            ...main,
            imagePullPolicy: 'Never',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
        ],
      },
    },
  },
  {
    title: 'puts a new container behind',
    template: { spec: { containers: [main] } },
    patch: { spec: { containers: [{ name: 'side', image }] } },
    merged: { spec: { containers: [main, { name: 'side', image }] } },
  },
  {
    title: 'keeps the order of what was there, and follows the patch in what it names',
    template: { spec: { containers: [main, { name: 'b', image }, { name: 'c', image }] } },
    patch: {
      spec: {
        containers: [
          { name: 'new', image },
          { name: 'c', tty: true },
          { name: 'main', tty: true },
        ],
      },
    },
    merged: {
      spec: {
        containers: [
          { name: 'b', image },
          { name: 'new', image },
          { name: 'c', image, tty: true },
          { ...main, tty: true },
        ],
      },
    },
  },
  {
    title: 'changes a variable in its place',
    template: {
      spec: {
        containers: [
          {
            ...main,
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
        ],
      },
    },
    patch: { spec: { containers: [{ name: 'main', env: [{ name: 'A', value: '3' }] }] } },
    merged: {
      spec: {
        containers: [
          {
            ...main,
            env: [
              { name: 'A', value: '3' },
              { name: 'B', value: '2' },
            ],
          },
        ],
      },
    },
  },
  {
    title: 'removes with null',
    template: {
      spec: { containers: [main], nodeSelector: { a: '1', b: '2' }, priorityClassName: 'system-node-critical' },
    },
    patch: { spec: { nodeSelector: { a: null }, priorityClassName: null } },
    merged: { spec: { containers: [main], nodeSelector: { b: '2' } } },
  },
  {
    title: 'deletes an element, and adds another',
    template: {
      spec: {
        containers: [main],
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', emptyDir: {} },
        ],
      },
    },
    patch: {
      spec: {
        volumes: [
          { name: 'a', $patch: 'delete' },
          { name: 'c', emptyDir: { medium: 'Memory' } },
        ],
      },
    },
    merged: {
      spec: {
        containers: [main],
        volumes: [
          { name: 'b', emptyDir: {} },
          { name: 'c', emptyDir: { medium: 'Memory' } },
        ],
      },
    },
  },
  {
    title: 'replaces a list',
    template: { spec: { containers: [main], hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }] } },
    patch: { spec: { hostAliases: [{ $patch: 'replace' }, { ip: '10.0.0.2', hostnames: ['b'] }] } },
    merged: { spec: { containers: [main], hostAliases: [{ ip: '10.0.0.2', hostnames: ['b'] }] } },
  },
  {
    title: 'replaces and empties maps',
    template: {
      spec: { containers: [main], nodeSelector: { a: '1' }, securityContext: { runAsUser: 1, fsGroup: 2 } },
    },
    patch: { spec: { nodeSelector: { $patch: 'delete' }, securityContext: { $patch: 'replace', runAsGroup: 3 } } },
    merged: { spec: { containers: [main], nodeSelector: {}, securityContext: { runAsGroup: 3 } } },
  },
  {
    title: 'replaces tolerations as a whole',
    template: { spec: { containers: [main], tolerations: [{ key: 'a', operator: 'Exists' }] } },
    patch: { spec: { tolerations: [{ key: 'b', operator: 'Exists' }] } },
    merged: { spec: { containers: [main], tolerations: [{ key: 'b', operator: 'Exists' }] } },
  },
  {
    title: 'merges mounts by their path, ports by their number, and hosts by their address',
    template: {
      spec: {
        containers: [
          { ...main, ports: [{ containerPort: 80, name: 'a' }], volumeMounts: [{ mountPath: '/a', name: 'v' }] },
        ],
        hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
    patch: {
      spec: {
        containers: [
          {
            name: 'main',
            ports: [{ containerPort: 80, name: 'b' }, { containerPort: 81 }],
            volumeMounts: [
              { mountPath: '/a', name: 'v', readOnly: true },
              { mountPath: '/b', name: 'v' },
            ],
          },
        ],
        hostAliases: [{ ip: '10.0.0.1', hostnames: ['b', 'c'] }],
      },
    },
    merged: {
      spec: {
        containers: [
          {
            ...main,
            ports: [{ containerPort: 80, name: 'b' }, { containerPort: 81 }],
            volumeMounts: [
              { mountPath: '/a', name: 'v', readOnly: true },
              { mountPath: '/b', name: 'v' },
            ],
          },
        ],
        hostAliases: [{ ip: '10.0.0.1', hostnames: ['b', 'c'] }],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
  },
  {
    title: 'drops the keys that it does not retain',
    template: { spec: { containers: [main], volumes: [{ name: 'v', emptyDir: {} }] } },
    patch: { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/tmp' } }] } },
    merged: { spec: { containers: [main], volumes: [{ name: 'v', hostPath: { path: '/tmp' } }] } },
  },
  {
    title: 'adds what was not there, without its nulls',
    template: { spec: { containers: [main] } },
    patch: {
      metadata: { annotations: { a: 'b', c: null } },
      spec: { securityContext: { runAsUser: 5, fsGroup: null }, imagePullSecrets: [{ name: 'login' }] },
    },
    merged: {
      metadata: { annotations: { a: 'b' } },
      spec: { containers: [main], securityContext: { runAsUser: 5 }, imagePullSecrets: [{ name: 'login' }] },
    },
  },
  {
    title: 'merges init containers, and constraints by their topology',
    template: {
      spec: {
        containers: [main],
        initContainers: [{ name: 'i', image }],
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
      },
    },
    patch: {
      spec: {
        initContainers: [{ name: 'i', command: ['true'] }],
        topologySpreadConstraints: [{ maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
      },
    },
    merged: {
      spec: {
        containers: [main],
        initContainers: [{ name: 'i', image, command: ['true'] }],
        topologySpreadConstraints: [{ maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
      },
    },
  },
];
