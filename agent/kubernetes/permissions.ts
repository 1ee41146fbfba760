/** What farhand does with the Kubernetes API. Each call that it makes is one of these; the preflight asks for them, and the chart grants them. */
export interface Permission {
  readonly verb: 'create' | 'delete' | 'get' | 'list' | 'patch' | 'watch';
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  /** Such as `log`; null for the resource itself. */
  readonly subresource: string | null;
  /** `namespace`: in that of the jobs. `cluster`: everywhere. */
  readonly scope: 'namespace' | 'cluster';
  /** What it is needed for: with `FARHAND_KUBERNETES` at all, or for what a key switches on. */
  readonly feature: 'jobs' | 'inventory';
  /** In a sentence that begins with "to". */
  readonly purpose: string;
}

function inNamespace(
  [group, name]: readonly [string, string],
  verbs: Readonly<Partial<Record<Permission['verb'], string>>>,
): readonly Permission[] {
  const [resource = '', subresource = null] = name.split('/');
  const common = { group, resource, subresource, scope: 'namespace', feature: 'jobs' } as const;
  return toVerbs(verbs).map(([verb, purpose]) => ({ ...common, verb, purpose }));
}

function everywhere(group: string, resource: string, purpose: string): readonly Permission[] {
  const common = { group, resource, subresource: null, scope: 'cluster', feature: 'inventory', purpose } as const;
  return (['list', 'watch'] as const).map((verb) => ({ ...common, verb }));
}

function toVerbs(
  verbs: Readonly<Partial<Record<Permission['verb'], string>>>,
): readonly (readonly [Permission['verb'], string])[] {
  return Object.entries(verbs) as [Permission['verb'], string][];
}

/**
 * Two calls are not here because every client that has logged in may make them: `GET /version`, and the access review of the preflight itself
 * (ClusterRoles `system:public-info-viewer` and `system:basic-user`).
 */
export const permissions: readonly Permission[] = [
  ...inNamespace(['batch', 'jobs'], {
    create: 'to start the pod of an attempt',
    get: 'to see whether the pod of an attempt was started',
    list: 'to find the Jobs of its attempts again after a restart',
    watch: 'to see Jobs end',
    patch: 'to let a Job begin once its Secret is there',
    delete: 'to cancel an attempt, and to clear away what is over',
  }),
  ...inNamespace(['', 'pods'], {
    get: 'to see how the container of an attempt ended',
    list: 'to find the pods of its attempts',
    watch: 'to see pods start and end',
    patch: 'to stop the container of an attempt and keep its log',
    delete: 'to stop a pod whose container has not begun, or does not end in time',
  }),
  ...inNamespace(['', 'pods/log'], { get: 'to read what an attempt prints' }),
  ...inNamespace(['', 'secrets'], {
    create: 'to hand a pod what must not be in its manifest',
    delete: 'to put a Secret in the place of one that an earlier try made',
  }),
  ...inNamespace(['', 'events'], { list: 'to say why a Job makes no pod' }),
  ...everywhere('', 'nodes', 'to report the nodes of the cluster'),
  ...everywhere('apps', 'deployments', 'to report apps'),
  ...everywhere('apps', 'statefulsets', 'to report apps'),
  ...everywhere('apps', 'daemonsets', 'to report apps'),
];
