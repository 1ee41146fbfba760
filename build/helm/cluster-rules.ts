import type { Permission } from '../../agent/kubernetes/permissions.ts';

/** A rule of a Role or a ClusterRole. */
interface ClusterRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What is granted for each feature: for each resource one rule, with the verbs of the calls that are made and no other. */
export function toClusterRules(
  permissions: readonly Permission[],
): Readonly<Record<Permission['feature'], readonly ClusterRule[]>> {
  const rulesFor = (feature: Permission['feature']) => {
    const byResource = Map.groupBy(
      permissions.filter((permission) => permission.feature === feature),
      ({ group, resource, subresource }) => JSON.stringify([group, [resource, subresource ?? []].flat().join('/')]),
    );
    return [...byResource].map(([key, calls]) => {
      const [group, resource] = JSON.parse(key) as [string, string];
      return { apiGroups: [group], resources: [resource], verbs: calls.map(({ verb }) => verb) };
    });
  };
  return { jobs: rulesFor('jobs'), inventory: rulesFor('inventory') };
}
