import type { JsonObject } from '../../../../protocol/json.ts';
import { toVariableName } from '../../variable-name.ts';
import { toTemplateYaml, toUnsafeYaml } from './unsafe-yaml.ts';

/** What Ansible calls a variable. */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Variables that decide where and how Ansible runs: a job that set one could run what the automation does not. */
const magicNames = new Set(
  (
    'farhand hostvars groups group_names inventory_hostname inventory_hostname_short inventory_dir inventory_file play_hosts ' +
    'playbook_dir role_path role_name role_names omit vars delegated_vars'
  ).split(' '),
);

/** A key of every play, so Ansible warns of a variable that is called so. It is given to the automation's own key of that name. */
const hostsName = 'hosts';

/** Why a parameter of this name cannot be a variable of the play; null when it can. */
export function findVariableFault(name: string): string | null {
  if (!name.startsWith('ansible_') && !magicNames.has(name)) return null;
  return 'a parameter of this name would decide how Ansible itself runs (a connection, a command on this machine): rename it, or use a key of the automation, such as "remoteUser"';
}

/** The variable of the environment in which a secret reaches the program. */
export function toSecretVariable(secret: string): string {
  return toVariableName('FARHAND_SECRET_', secret);
}

/**
 * The file of extra variables. A parameter is one where the automation's schema names it; with an open schema a job could otherwise
 * set any variable of any role. All parameters are in `farhand.parameters`.
 */
export function toVariables(source: {
  readonly parameters: JsonObject;
  /** Properties of the schema. */
  readonly named: readonly string[];
  readonly context: JsonObject;
  /** Names of secrets, by variable. */
  readonly secrets: Readonly<Record<string, string>>;
}): string {
  const { parameters, named, context, secrets } = source;
  const variables = named
    .filter((name) => variableName.test(name) && name !== hostsName && findVariableFault(name) === null)
    .filter((name) => Object.hasOwn(parameters, name))
    .map((name) => `${toUnsafeYaml({ [name]: parameters[name] ?? null }).slice(1, -1)}`);
  const templates = Object.entries(secrets).map(
    ([name, secret]) =>
      `? ${JSON.stringify(name)} : ${toTemplateYaml(`{{ lookup('ansible.builtin.env', '${toSecretVariable(secret)}') }}`)}`,
  );
  const own = `? "farhand" : ${toUnsafeYaml({ ...context, parameters })}`;
  return `{${[own, ...variables, ...templates].join(',\n')}}\n`;
}
