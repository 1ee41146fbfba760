import type { AnsibleHost } from './hosts.ts';

/** What stands for all hosts, unless a host says otherwise. */
export interface InventoryDefaults {
  readonly user: string | null;
  readonly port: number | null;
}

function toVariables(host: Omit<AnsibleHost, 'name'>): Readonly<Record<string, string | number>> {
  return {
    ...(host.address === null ? {} : { ansible_host: host.address }),
    ...(host.port === null ? {} : { ansible_port: host.port }),
    ...(host.user === null ? {} : { ansible_user: host.user }),
  };
}

/**
 * An inventory in JSON, which the `yaml` plugin of Ansible reads. Names and values were checked before: none of them can be a range or a
 * template.
 */
export function toInventory(groups: ReadonlyMap<string, readonly AnsibleHost[]>, defaults: InventoryDefaults): string {
  const children = [...groups].map(([group, hosts]) => [
    group,
    { hosts: Object.fromEntries(hosts.map((host) => [host.name, toVariables(host)])) },
  ]);
  return JSON.stringify({
    all: { vars: toVariables({ address: null, ...defaults }), children: Object.fromEntries(children) },
  });
}
