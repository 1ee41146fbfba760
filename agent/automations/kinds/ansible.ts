import type { AutomationKind, FilePath, RecipeReading } from '../automation-kind.ts';
import { parseTemplate, type Template } from '../template.ts';
import { ansibleHarvest } from './ansible/ansible-harvest.ts';
import { AnsibleValues, ansibleKeys } from './ansible/keys.ts';
import { prepareAnsible, toNeeds } from './ansible/prepare-ansible.ts';
import { findAnsibleFaults } from './ansible/read-faults.ts';

/** Every text that may hold placeholders, with its place in the file. */
function listTemplates(values: AnsibleValues): readonly { readonly path: FilePath; readonly text: string }[] {
  const { hosts, tags, skipTags } = values;
  const lists = (path: FilePath, texts: readonly string[]) =>
    texts.map((text, index) => ({ path: [...path, index], text }));
  const toHosts = (path: FilePath, item: string | string[]) =>
    typeof item === 'string' ? [{ path, text: item }] : lists(path, item);
  const single = (['remoteUser', 'port', 'knownHosts', 'limit', 'check', 'diff'] as const).flatMap((key) => {
    const value = values[key];
    return typeof value === 'string' ? [{ path: [key], text: value }] : [];
  });
  return [
    ...single,
    ...lists(['tags'], tags),
    ...lists(['skipTags'], skipTags),
    ...(hosts === null
      ? []
      : typeof hosts === 'string' || Array.isArray(hosts)
        ? toHosts(['hosts'], hosts)
        : Object.entries(hosts).flatMap(([group, item]) => toHosts(['hosts', group], item))),
  ];
}

function read(given: unknown, { home }: { readonly home: string }): RecipeReading {
  const values = AnsibleValues.parse(given);
  const templates: { readonly path: FilePath; readonly template: Template }[] = listTemplates(values).map(
    ({ path, text }) => ({ path, template: parseTemplate(text) }),
  );
  return {
    recipe: {
      prepare: (context) => prepareAnsible(values, home, context),
    },
    needs: toNeeds(values),
    templates,
    faults: findAnsibleFaults(values, home),
  };
}

/** Runs a playbook or a role of Ansible against the hosts that the job names. */
export const ansibleKind: AutomationKind = {
  name: 'ansible',
  keys: ansibleKeys,
  graceSeconds: null,
  saidBy: ['playbook', 'role'],
  isPortable: false,
  harvest: ansibleHarvest,
  read,
};
