import { join, resolve } from 'node:path';
import { toPointer } from '../../../../protocol/parse.ts';
import type { RecipeCommand, RecipeContext } from '../../automation-kind.ts';
import type { NeededProgram } from '../../prepared-command.ts';
import type { Refusal } from '../../refusal.ts';
import { parseTemplate } from '../../template.ts';
import { type AnsibleHost, readHosts, remoteUserPattern } from './hosts.ts';
import { toInventory } from './inventory.ts';
import type { AnsibleValues } from './keys.ts';
import {
  launcherFileName,
  passphraseAsker,
  passwordAsker,
  sshConfigFileName,
  toAsker,
  toLauncher,
} from './launcher.ts';
import { outputsPluginFileName, outputsPluginText } from './outputs-plugin.ts';
import { isPlaybookText } from './read-faults.ts';
import { configFileName, configText, toSettings } from './settings.ts';
import { toSshConfig } from './ssh-config.ts';
import { toSecretVariable, toVariables } from './variables.ts';

/** Files in the attempt's folder. */
const inventoryFileName = 'inventory.json';
const variablesFileName = 'variables.yaml';
const playbookFileName = 'playbook.yaml';
const knownHostsFileName = 'known-hosts';
const becomeAsker = 'ask-become-password';
const vaultAsker = 'ask-vault-password';

const tagPattern = /^[\p{L}\p{N}_.:-]+$/u;
/** Of a pattern of Ansible what names hosts and groups: no file (`@`), and no regular expression (`~`). */
const limitPattern = /^[A-Za-z0-9_.:,&!*[\]%-]+$/;

/** Ends a preparation: what a job gave does not do. Never leaves this file. */
class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

function refuse(message: string, pointer?: string): never {
  const errors = pointer === undefined ? [] : [{ pointer, message }];
  throw new RefusedError({ type: 'refused', cause: 'parameters-invalid', message, errors });
}

function render(context: RecipeContext, text: string): string {
  const rendered = context.render(parseTemplate(text));
  if (rendered.type === 'refused') throw new RefusedError(rendered);
  return rendered.text;
}

function expectMatch(key: string, text: string, pattern: RegExp, expected: string): string {
  if (pattern.test(text)) return text;
  return refuse(`${key}: expected ${expected}, got ${JSON.stringify(text.slice(0, 200))}`);
}

function toSwitch(context: RecipeContext, key: string, value: boolean | string): boolean {
  if (typeof value === 'boolean') return value;
  return expectMatch(key, render(context, value), /^(true|false)$/, 'true or false') === 'true';
}

function toPort(context: RecipeContext, value: number | string | null): number | null {
  if (value === null || typeof value === 'number') return value;
  const port = Number(expectMatch('port', render(context, value), /^[1-9]\d{0,4}$/, 'a port'));
  return port <= 65_535 ? port : refuse(`port: expected at most 65535, got ${port}`);
}

function toHostList(context: RecipeContext, texts: string | readonly string[]): readonly AnsibleHost[] {
  return [texts].flat().flatMap((text) => {
    const reading = readHosts(render(context, text));
    return reading.type === 'hosts' ? reading.hosts : refuse(`hosts: ${reading.message}`);
  });
}

function toGroups(context: RecipeContext, hosts: AnsibleValues['hosts']): ReadonlyMap<string, readonly AnsibleHost[]> {
  if (hosts === null) return new Map();
  const groups =
    typeof hosts === 'string' || Array.isArray(hosts)
      ? new Map([['ungrouped', toHostList(context, hosts)]])
      : new Map(Object.entries(hosts).map(([group, texts]) => [group, toHostList(context, texts)]));
  const all = [...groups.values()].flat();
  if (all.length === 0) refuse('hosts: expected one host or more, got none');
  const seen = new Map<string, string>();
  for (const host of all) {
    const text = JSON.stringify(host);
    if ((seen.get(host.name) ?? text) !== text) {
      refuse(
        `hosts: ${JSON.stringify(host.name)} comes twice, with different ports, addresses or users: give each a name of its own, such as {"name": "a", "address": ${JSON.stringify(host.name)}, "port": 2222}`,
      );
    }
    seen.set(host.name, text);
  }
  return groups;
}

function toTags(context: RecipeContext, key: string, texts: readonly string[]): readonly string[] {
  const words = texts.flatMap((text) => readWords(render(context, text)));
  return words.map((word) => expectMatch(key, word, tagPattern, 'tags of letters, digits, "_", ".", ":" and "-"'));
}

/** A JSON list, as a placeholder writes one, or words with commas between. */
function readWords(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value.map(String);
  } catch {
    // It is plain text then.
  }
  return text.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}

function toKnownHosts(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return `${value.map(String).join('\n')}\n`;
  } catch {
    // It is the text of the file then.
  }
  return `${text}\n`;
}

function checkSecrets(values: AnsibleValues, context: RecipeContext): void {
  const { privateKeySecret, privateKeyPassphraseSecret, passwordSecret, becomePasswordSecret } = values;
  const { vaultPasswordSecret, secretVariables } = values;
  const needed = [
    privateKeySecret,
    privateKeyPassphraseSecret,
    passwordSecret,
    becomePasswordSecret,
    vaultPasswordSecret,
    ...Object.values(secretVariables),
  ];
  for (const name of needed) {
    if (name === null || context.secretNames.includes(name)) continue;
    refuse(
      `the automation needs the secret ${JSON.stringify(name)}, and the job has none: give it`,
      toPointer(['secrets', name]),
    );
  }
}

function toPlaybook({ playbook, role, gatherFacts }: AnsibleValues): string | null {
  if (role !== null) return JSON.stringify([{ hosts: 'all', gather_facts: gatherFacts ?? true, roles: [{ role }] }]);
  return playbook !== null && isPlaybookText(playbook) ? playbook : null;
}

function toArguments(values: AnsibleValues, home: string, context: RecipeContext): readonly string[] {
  const { folder } = context;
  const tags = toTags(context, 'tags', values.tags);
  const skipTags = toTags(context, 'skipTags', values.skipTags);
  const limit = values.limit === null ? '' : render(context, values.limit);
  if (limit !== '') expectMatch('limit', limit, limitPattern, 'names of hosts and groups');
  return [
    `--inventory=${join(folder, inventoryFileName)}`,
    ...values.inventory.map((path) => `--inventory=${resolve(home, path)}`),
    `--extra-vars=@${join(folder, variablesFileName)}`,
    `--forks=${values.forks}`,
    ...(values.verbosity === 0 ? [] : [`-${'v'.repeat(values.verbosity)}`]),
    ...(toSwitch(context, 'check', values.check) ? ['--check'] : []),
    ...(toSwitch(context, 'diff', values.diff) ? ['--diff'] : []),
    ...(tags.length === 0 ? [] : [`--tags=${tags.join(',')}`]),
    ...(skipTags.length === 0 ? [] : [`--skip-tags=${skipTags.join(',')}`]),
    ...(limit === '' ? [] : [`--limit=${limit}`]),
    ...(values.become ? ['--become'] : []),
    ...(values.becomeUser === null ? [] : [`--become-user=${values.becomeUser}`]),
    ...(values.becomePasswordSecret === null ? [] : [`--become-password-file=${join(folder, becomeAsker)}`]),
    ...(values.vaultPasswordSecret === null ? [] : [`--vault-password-file=${join(folder, vaultAsker)}`]),
    toPlaybook(values) === null ? resolve(home, values.playbook ?? '') : join(folder, playbookFileName),
  ];
}

function toAskers(values: AnsibleValues): readonly { readonly name: string; readonly secret: string }[] {
  const askers = [
    { name: passphraseAsker, secret: values.privateKeyPassphraseSecret },
    { name: passwordAsker, secret: values.passwordSecret },
    { name: becomeAsker, secret: values.becomePasswordSecret },
    { name: vaultAsker, secret: values.vaultPasswordSecret },
  ];
  return askers.flatMap(({ name, secret }) => (secret === null ? [] : [{ name, secret }]));
}

function toFiles(values: AnsibleValues, home: string, context: RecipeContext): RecipeCommand['files'] {
  const { folder, parameters } = context;
  const { privateKeySecret, privateKeyPassphraseSecret, passwordSecret, privateKeyFile, knownHostsFile } = values;
  const askers = toAskers(values);
  const user = values.remoteUser === null ? null : render(context, values.remoteUser);
  if (user !== null) expectMatch('remoteUser', user, remoteUserPattern, 'the name of a user');
  const knownHosts = values.knownHosts === null ? null : toKnownHosts(render(context, values.knownHosts));
  const playbook = toPlaybook(values);
  const launcher = toLauncher({
    keyVariable: privateKeySecret === null ? null : toSecretVariable(privateKeySecret),
    passphraseVariable: privateKeyPassphraseSecret === null ? null : toSecretVariable(privateKeyPassphraseSecret),
    asksPassword: passwordSecret !== null,
    isLocal: values.hosts === null && values.inventory.length === 0,
    askers: askers.map(({ name }) => name),
    environment: toSettings(values, { home, folder }),
    sshOptions: values.sshOptions,
  });
  const sshConfig = toSshConfig({
    knownHostsFile:
      knownHosts !== null ? join(folder, knownHostsFileName) : knownHostsFile && resolve(home, knownHostsFile),
    privateKeyFile: privateKeyFile === null ? null : resolve(home, privateKeyFile),
    hasKey: privateKeySecret !== null,
  });
  const variables = toVariables({
    parameters,
    named: Object.keys(values.parameters?.properties ?? {}),
    context: {
      job: render(context, '${job.id}'),
      attempt: Number(render(context, '${attempt.number}')),
      agent: render(context, '${agent.name}'),
    },
    secrets: values.secretVariables,
  });
  const texts = {
    [launcherFileName]: launcher,
    [configFileName]: configText,
    [sshConfigFileName]: sshConfig,
    [outputsPluginFileName]: outputsPluginText,
    [inventoryFileName]: toInventory(toGroups(context, values.hosts), { user, port: toPort(context, values.port) }),
    [variablesFileName]: variables,
    ...(knownHosts === null ? {} : { [knownHostsFileName]: knownHosts }),
    ...(playbook === null ? {} : { [playbookFileName]: playbook }),
  };
  return [
    ...Object.entries(texts).map(([name, content]) => ({ name, content, executable: false })),
    ...askers.map(({ name, secret }) => ({
      name,
      content: toAsker(toSecretVariable(secret), { once: name === passphraseAsker }),
      executable: true,
    })),
  ];
}

/** Programs that the launcher starts. */
export function toNeeds({ hosts, inventory, privateKeySecret }: AnsibleValues): readonly NeededProgram[] {
  const ssh = 'install the client of OpenSSH (Debian: openssh-client)';
  return [
    { program: 'ansible-playbook', remedy: 'install ansible-core 2.12 or later (Debian: ansible-core)' },
    ...(hosts === null && inventory.length === 0 ? [] : [{ program: 'ssh', remedy: ssh }]),
    ...(privateKeySecret === null ? [] : ['ssh-agent', 'ssh-add'].map((program) => ({ program, remedy: ssh }))),
  ];
}

/** The command of one run, or what stands against it in what the job gave. */
export function prepareAnsible(values: AnsibleValues, home: string, context: RecipeContext): RecipeCommand | Refusal {
  try {
    checkSecrets(values, context);
    return {
      type: 'prepared',
      argv: ['sh', join(context.folder, launcherFileName), context.folder, ...toArguments(values, home, context)],
      files: toFiles(values, home, context),
    };
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal;
    throw error;
  }
}
