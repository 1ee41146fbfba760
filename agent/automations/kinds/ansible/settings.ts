import { join, resolve } from 'node:path';
import type { AnsibleValues } from './keys.ts';
import { nothingMatchedFileName } from './launcher.ts';
import { factsVariable, nothingMatchedVariable } from './outputs-plugin.ts';

export const configFileName = 'ansible.cfg';

/** What an automation's `environment` may set otherwise, by the variables of Ansible, which come before this file. */
export const configText = `[defaults]
nocolor = True
interpreter_python = auto_silent
[ssh_connection]
pipelining = True
`;

function toPath(own: readonly string[], home: string, usual: readonly string[]): string {
  return [...own.map((folder) => resolve(home, folder)), ...usual].join(':');
}

/** What Ansible is told by variables, which come before every file. */
export function toSettings(
  values: AnsibleValues,
  { home, folder }: { readonly home: string; readonly folder: string },
): ReadonlyMap<string, string> {
  return new Map([
    ...(Object.hasOwn(values.environment, 'ANSIBLE_CONFIG')
      ? []
      : [['ANSIBLE_CONFIG', join(folder, configFileName)] as const]),
    ['ANSIBLE_HOST_KEY_CHECKING', 'True'],
    ['ANSIBLE_RETRY_FILES_ENABLED', 'False'],
    ['ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED', 'True'],
    ['ANSIBLE_CALLBACK_PLUGINS', folder],
    [
      'ANSIBLE_ROLES_PATH',
      toPath(values.rolesPath, home, ['~/.ansible/roles', '/usr/share/ansible/roles', '/etc/ansible/roles']),
    ],
    [
      'ANSIBLE_COLLECTIONS_PATH',
      toPath(values.collectionsPath, home, ['~/.ansible/collections', '/usr/share/ansible/collections']),
    ],
    [factsVariable, JSON.stringify(values.facts)],
    [nothingMatchedVariable, join(folder, nothingMatchedFileName)],
  ]);
}
