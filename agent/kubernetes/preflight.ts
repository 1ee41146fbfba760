import type { KubernetesClient } from './kubernetes-client.ts';
import { type Permission, permissions } from './permissions.ts';

/** What the agent may not do and must: a sentence each, with what it is for. */
export interface Preflight {
  readonly missing: readonly string[];
  readonly asked: number;
}

/** Asks the API server for each permission of the features that are switched on. Rejects with `KubernetesError` where it cannot be asked. */
export async function checkPermissions(
  client: KubernetesClient,
  options: { readonly features: readonly Permission['feature'][]; readonly signal: AbortSignal },
): Promise<Preflight> {
  const { features, signal } = options;
  const needed = permissions.filter(({ feature }) => features.includes(feature));
  const answers = await Promise.all(
    needed.map(async (permission) => {
      const namespace = permission.scope === 'namespace' ? client.namespace : null;
      const { allowed } = await client.mayDo(permission, { namespace, signal });
      return allowed ? [] : [toSentence(permission, namespace)];
    }),
  );
  return { missing: answers.flat(), asked: needed.length };
}

/** `expected the permission to create jobs.batch in namespace farhand, to start the pod of an attempt`. */
function toSentence({ verb, group, resource, subresource, purpose }: Permission, namespace: string | null): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  const what = subresource === null ? kind : `${kind}/${subresource}`;
  const where = namespace === null ? 'in the whole cluster' : `in namespace ${namespace}`;
  return `expected the permission to ${verb} ${what} ${where}, ${purpose}: grant it in a ${namespace === null ? 'ClusterRole' : 'Role'}`;
}
