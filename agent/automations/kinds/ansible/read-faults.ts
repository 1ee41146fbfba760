import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FileFault } from '../../automation-kind.ts';
import { getReferences, parseTemplate } from '../../template.ts';
import type { AnsibleValues } from './keys.ts';
import { findSshOptionFault } from './ssh-config.ts';
import { findVariableFault } from './variables.ts';

/** Variables that the kind sets. Author's settings have theirs: `ANSIBLE_PIPELINING`, `ANSIBLE_TIMEOUT` … */
const ownVariables = new Set(
  (
    'ANSIBLE_HOST_KEY_CHECKING ANSIBLE_SSH_HOST_KEY_CHECKING ANSIBLE_SSH_ARGS ANSIBLE_SSH_CONTROL_PATH ANSIBLE_SSH_CONTROL_PATH_DIR ' +
    'ANSIBLE_HOME ANSIBLE_LOCAL_TEMP ANSIBLE_CALLBACK_PLUGINS ANSIBLE_ROLES_PATH ANSIBLE_COLLECTIONS_PATH ANSIBLE_COLLECTIONS_PATHS ' +
    'ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED ANSIBLE_RETRY_FILES_ENABLED SSH_AUTH_SOCK SSH_ASKPASS SSH_ASKPASS_REQUIRE'
  ).split(' '),
);

/** A text of several lines is a playbook itself, and not the path of one. */
export function isPlaybookText(playbook: string): boolean {
  return playbook.includes('\n');
}

function findPathFault(path: readonly (string | number)[], text: string, home: string): FileFault[] {
  const [reference] = getReferences(parseTemplate(text));
  if (reference !== undefined) {
    const message = `${reference.source}: there are no placeholders here, or a job could choose any file: write it out`;
    return [{ path, message }];
  }
  if (existsSync(resolve(home, text))) return [];
  return [
    { path, message: `expected something at ${resolve(home, text)}, found nothing: mend the path, or put it there` },
  ];
}

function findPlaybookFaults({ playbook, role, gatherFacts }: AnsibleValues, home: string): FileFault[] {
  if (playbook === null && role === null) {
    return [{ path: [], message: 'expected "playbook" or "role", got neither: add one of them' }];
  }
  if (playbook !== null && role !== null) {
    return [{ path: ['role'], part: 'key', message: 'expected "playbook" or "role", got both: take one of them out' }];
  }
  if (playbook === null) return [];
  const faults: FileFault[] = [];
  if (gatherFacts !== null) {
    const message = 'this is for "role" only: write gather_facts into the playbook';
    faults.push({ path: ['gatherFacts'], part: 'key', message });
  }
  if (isPlaybookText(playbook)) return faults;
  const file = resolve(home, playbook);
  faults.push(...findPathFault(['playbook'], playbook, home));
  if (faults.length === 0 && !statSync(file).isFile()) {
    faults.push({ path: ['playbook'], message: `expected a file, ${file} is none: name the playbook in it` });
  }
  if (/^[^/]+\.ya?ml$/.test(playbook)) {
    const message = `expected a playbook in a folder of its own, because every YAML file beside this one is read as an automation: move it to playbooks/${playbook}`;
    faults.push({ path: ['playbook'], message });
  }
  return faults;
}

function findPairFaults(values: AnsibleValues): FileFault[] {
  const pairs = [
    ['privateKeyPassphraseSecret', 'privateKeySecret', values.privateKeyPassphraseSecret, values.privateKeySecret],
    ['becomePasswordSecret', 'become', values.becomePasswordSecret, values.become || null],
    ['becomeUser', 'become', values.becomeUser, values.become || null],
  ] as const;
  const missing = pairs.flatMap(([key, other, given, needed]): FileFault[] =>
    given === null || needed !== null
      ? []
      : [{ path: [key], part: 'key', message: `expected "${other}" as well: without it this means nothing` }],
  );
  const either = [
    ['privateKeyFile', 'privateKeySecret', values.privateKeyFile, values.privateKeySecret],
    ['knownHostsFile', 'knownHosts', values.knownHostsFile, values.knownHosts],
  ] as const;
  const both = either.flatMap(([key, other, one, another]): FileFault[] =>
    one === null || another === null
      ? []
      : [{ path: [key], part: 'key', message: `expected this or "${other}", got both: take one of them out` }],
  );
  return [...missing, ...both];
}

function findVariableFaults({ parameters, secretVariables, environment }: AnsibleValues): FileFault[] {
  const properties = Object.keys(parameters?.properties ?? {});
  return [
    ...properties.flatMap((name): FileFault[] => {
      const message = findVariableFault(name);
      return message === null ? [] : [{ path: ['parameters', 'properties', name], part: 'key', message }];
    }),
    ...Object.keys(secretVariables)
      .filter((name) => name === 'farhand' || properties.includes(name))
      .map((name): FileFault => {
        const message = 'a variable of this name is there already: rename one';
        return { path: ['secretVariables', name], part: 'key', message };
      }),
    ...Object.keys(environment)
      .filter((name) => ownVariables.has(name))
      .map((name): FileFault => {
        const message = 'this variable is set by the kind itself: take it out, and use the keys of the automation';
        return { path: ['environment', name], part: 'key', message };
      }),
  ];
}

/** What the schema cannot say. Looks whether the files are there that the automation names. */
export function findAnsibleFaults(values: AnsibleValues, home: string): readonly FileFault[] {
  const { inventory, knownHostsFile, privateKeyFile, sshOptions } = values;
  return [
    ...findPlaybookFaults(values, home),
    ...findPairFaults(values),
    ...findVariableFaults(values),
    ...inventory.flatMap((path, index) => findPathFault(['inventory', index], path, home)),
    ...(knownHostsFile === null ? [] : findPathFault(['knownHostsFile'], knownHostsFile, home)),
    ...(privateKeyFile === null ? [] : findPathFault(['privateKeyFile'], privateKeyFile, home)),
    ...Object.entries(sshOptions).flatMap(([name, value]): FileFault[] => {
      const message = findSshOptionFault(name, value);
      return message === null ? [] : [{ path: ['sshOptions', name], part: 'key', message }];
    }),
  ];
}
