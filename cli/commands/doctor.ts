import { Command } from 'commander';
import { agentConfigSchema } from '../../agent/config.ts';
import { hubConfigSchema } from '../../hub/config.ts';
import type { ConfigSchema } from '../../runtime/configuration/config-key.ts';
import { readSecretFiles } from '../../runtime/configuration/secret-file.ts';
import { createOutletFetch } from '../../runtime/network/outlet-fetch.ts';
import { outletKeys } from '../../runtime/network/outlet-keys.ts';
import { toProxySecrets } from '../../runtime/network/proxy-secrets.ts';
import { version } from '../../runtime/version.ts';
import { createApiClient } from '../api-client.ts';
import { clientConfigSchema } from '../client-config.ts';
import { addConfigOptions, toConfigSources } from '../config-options.ts';
import type { Context } from '../context.ts';
import type { Finding, Verdict } from '../doctor/check.ts';
import { type DoctorRole, guessRole } from '../doctor/doctor-role.ts';
import { planChecks } from '../doctor/plan-checks.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { addExamples } from '../examples.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { readHubAccess } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { toPrintable } from '../to-printable.ts';

const schema = {
  hubUrl: clientConfigSchema.hubUrl,
  token: clientConfigSchema.token,
  insecure: clientConfigSchema.insecure,
  ...outletKeys,
  joinToken: agentConfigSchema.joinToken,
  name: agentConfigSchema.name,
  data: agentConfigSchema.data,
  automations: agentConfigSchema.automations,
  listen: hubConfigSchema.listen,
  adminToken: hubConfigSchema.adminToken,
} as const satisfies ConfigSchema;

const details = `
Looks as a client (run, jobs, …), as an agent, or as a hub: by what the environment says, or as you say. Give it the environment
of the process that does not work, and run it as that process's user. It changes nothing, shows no secret, and takes
20 seconds at most; all checks run at once.

Exit code: 0 no fault (there may be warnings); 2 a fault on this machine or in its configuration; 3 the faults are all about
reaching the hub, or being let in.`;

interface DoctorOptions {
  readonly client?: true;
  readonly agent?: true;
  readonly hub?: true;
  readonly json?: true;
}

export function createDoctorCommand(context: Context): Command {
  const command = new Command('doctor')
    .description('find out why something does not work, and how to mend it')
    .option('--client', 'look as a command that talks to a hub')
    .option('--agent', 'look as an agent')
    .option('--hub', 'look as a hub')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action((options: DoctorOptions) => examine(command, context, options));
  addExamples(
    command,
    ['farhand doctor', 'in the shell, and the folder, where a command fails'],
    ["sudo -u farhand sh -c '. /etc/farhand/agent.env; farhand doctor --agent'", 'as the service sees it'],
    ['farhand doctor --json', 'for a monitor'],
  );
  return addConfigOptions(command, schema, 'Configuration:');
}

/** What an unfinished look-up or a dead server holds on to is not waited for. */
const maxLeaveMs = 200;

async function examine(command: Command, context: Context, options: DoctorOptions): Promise<void> {
  const sources = toConfigSources(command, schema, context);
  const { role, why } = chooseRole(options, { ...sources.environment, ...sources.flags }, context.folder);
  const checks = planChecks(role, {
    sources,
    folder: context.folder,
    accessHub: () => {
      const access = readHubAccess(command, context);
      const { outlet } = access;
      const api = createApiClient({ ...access, fetch: createOutletFetch(outlet) });
      return { api, hasToken: access.token !== null, outlet };
    },
  });
  const findings = hideSecrets(await runChecks(checks), { ...sources.environment, ...sources.flags });
  if (options.json === true) {
    await printJson(context, { version, role, verdict: toWorst(findings), findings });
  } else await printFindings(context, { role, why, findings });
  context.exitWith(toExitCode(findings));
  context.exitWithin(maxLeaveMs);
}

function chooseRole(
  options: DoctorOptions,
  environment: Context['environment'],
  folder: string,
): { readonly role: DoctorRole; readonly why: string } {
  const asked = (['client', 'agent', 'hub'] as const).filter((role) => options[role] === true);
  if (asked.length > 1) {
    throw new Failure(exitCodes.usage, `expected one of --client, --agent and --hub, got ${asked.length} of them`, [
      'Run it once for each',
    ]);
  }
  return asked[0] === undefined ? guessRole(environment, folder) : { role: asked[0], why: 'as you said' };
}

const marks: Readonly<Record<Verdict, { readonly color: 'green' | 'yellow' | 'red' | 'gray' }>> = {
  ok: { color: 'green' },
  warning: { color: 'yellow' },
  fault: { color: 'red' },
  skipped: { color: 'gray' },
};

async function printFindings(
  { stdout }: Context,
  { role, why, findings }: { readonly role: DoctorRole; readonly why: string; readonly findings: readonly Finding[] },
): Promise<void> {
  await stdout.line(`farhand ${version}, looking as ${role === 'agent' ? 'an agent' : `a ${role}`} (${why})`);
  for (const { verdict, check, message, remedy } of findings) {
    const mark = stdout.paint(marks[verdict].color, verdict.padEnd(8));
    await stdout.line(`${mark} ${check.padEnd(13)} ${toPrintable(message)}`);
    if (remedy !== null) await stdout.line(`${' '.repeat(23)}→ ${toPrintable(remedy)}`);
  }
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const words = [`${count('fault')} faults`, `${count('warning')} warnings`, `${count('ok')} in order`];
  if (count('skipped') > 0) words.push(`${count('skipped')} not looked at`);
  await stdout.line(words.join(', ').replaceAll(/\b1 (fault|warning)s/g, '1 $1'));
}

function toWorst(findings: readonly Finding[]): Verdict {
  const order: readonly Verdict[] = ['fault', 'warning', 'ok'];
  return order.find((verdict) => findings.some((finding) => finding.verdict === verdict)) ?? 'skipped';
}

function toExitCode(findings: readonly Finding[]): ExitCode {
  const faults = findings.filter(({ verdict }) => verdict === 'fault');
  if (faults.length === 0) return exitCodes.succeeded;
  return faults.every(({ about }) => about === 'hub') ? exitCodes.refused : exitCodes.usage;
}

const minSecretLength = 4;

/** No finding holds one. Should the words of somebody else hold one after all, it is not shown. */
function hideSecrets(
  findings: readonly Finding[],
  given: Readonly<Record<string, string | undefined>>,
): readonly Finding[] {
  const set = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  ) as Record<string, string>;
  const variables = Object.values(schema).filter(({ sensitive }) => sensitive);
  const values = { ...set, ...readSecretFiles(schema, set).values };
  const isProxy = (variable: string) => /^(?:FARHAND|HTTPS?|ALL)_PROXY$/i.test(variable);
  const secrets = [
    ...variables.flatMap(({ variable }) => (isProxy(variable) ? [] : (values[variable] ?? []))),
    ...Object.entries(values).flatMap(([variable, value]) => (isProxy(variable) ? toProxySecrets(value) : [])),
  ].filter((secret) => secret.length >= minSecretLength);
  const hide = (text: string) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
  return findings.map((finding) => ({
    ...finding,
    message: hide(finding.message),
    remedy: finding.remedy === null ? null : hide(finding.remedy),
  }));
}
