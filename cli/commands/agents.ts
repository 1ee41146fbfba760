import { Command } from 'commander';
import type { Agent } from '../../protocol/agent.ts';
import {
  paintAgentState,
  paintHealth,
  toAgentState,
  toAgentTable,
  toHealthWord,
  toLabelWords,
  toTimeWords,
} from '../agent-words.ts';
import type { ApiClient } from '../api-client.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { fetchAgent, fetchAgents, fetchRevokedAgents } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { withKnownAgent } from '../known-agent.ts';
import type { Output } from '../output.ts';
import { printTable, toTableLines } from '../table.ts';
import { toAgeWords } from '../time-words.ts';
import { toPrintable } from '../to-printable.ts';
import { watchView } from '../watch-view.ts';
import { createAgentsRemoveCommand } from './agents-remove.ts';
import { createAgentsRevokeCommand } from './agents-revoke.ts';
import { createAgentsRotateKeyCommand } from './agents-rotate-key.ts';

interface AgentsOptions {
  readonly json?: true;
  readonly watch?: true;
  readonly revoked?: true;
}

const details = `
--watch draws the table anew whenever something changes, until Ctrl-C. Where no terminal is, it prints a line for each agent
and for each change: time, name, state, slots, health.`;

export function createAgentsCommand(context: Context): Command {
  const command = new Command('agents')
    .description('list the agents and how they are, or show one in full')
    .argument('[agent]', 'the one to show')
    .option('-w, --watch', 'go on showing it as it changes')
    .option('--revoked', 'list those that were revoked')
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action(async (name: string | undefined, options: AgentsOptions) => {
      if (options.watch === true && options.json === true)
        throw new Failure(exitCodes.usage, 'expected --watch or --json, got both', [
          'For programs: --watch without a terminal prints lines with tabs; `farhand events --json` prints each event',
        ]);
      const api = accessHub(command, context);
      if (options.revoked === true) await listRevoked(api, context, options.json === true);
      else if (name !== undefined) await showAgent(api, context, name, options);
      else if (options.watch === true) await watchAgents(api, context, () => fetchAgents(api));
      else await listAgents(api, context, options.json === true);
    });
  addExamples(
    command,
    ['farhand agents', 'who is there'],
    ['farhand agents a1', 'its versions, labels, automations, problems'],
    ['farhand agents --watch', 'keep an eye on them'],
  );
  return addHubOptions(command)
    .addCommand(createAgentsRotateKeyCommand(context))
    .addCommand(createAgentsRevokeCommand(context))
    .addCommand(createAgentsRemoveCommand(context));
}

async function listAgents(api: ApiClient, context: Context, json: boolean): Promise<void> {
  const { stdout, stderr } = context;
  const agents = await fetchAgents(api);
  if (json) return printJson(context, agents);
  if (agents.length === 0 && stdout.isTerminal) {
    await stderr.line('no agent has joined yet; `farhand token create --join` makes the token that one needs');
  }
  for (const line of toTableLines(stdout, toAgentTable(stdout, agents, Date.now()))) await stdout.line(line);
  for (const line of toProblemLines(agents)) await stderr.line(stderr.paint('yellow', line));
}

async function listRevoked(api: ApiClient, context: Context, json: boolean): Promise<void> {
  const agents = await fetchRevokedAgents(api);
  if (json) return printJson(context, agents);
  const rows = agents.map(({ id, name, revokedAt, createdAt, lastSeenAt }) => [
    id,
    name,
    revokedAt ?? '-',
    createdAt,
    lastSeenAt ?? 'never',
  ]);
  await printTable(context.stdout, ['ID', 'NAME', 'REVOKED', 'ENROLLED', 'LAST SEEN'], rows);
}

async function showAgent(
  api: ApiClient,
  context: Context,
  name: string,
  { json, watch }: AgentsOptions,
): Promise<void> {
  const look = () => withKnownAgent(api, name, () => fetchAgent(api, name));
  if (watch === true) return watchAgents(api, context, async () => [await look()]);
  const agent = await look();
  if (json === true) return printJson(context, agent);
  for (const line of toFullLines(context.stdout, agent, Date.now())) await context.stdout.line(line);
}

async function watchAgents(
  api: ApiClient,
  { stdout, ...context }: Context,
  look: () => Promise<readonly Agent[]>,
): Promise<void> {
  await watchView({ stdout, ...context }, api, {
    look,
    toScreen: (agents) => [
      ...toTableLines(stdout, toAgentTable(stdout, agents, Date.now())),
      ...toProblemLines(agents),
    ],
    toNews: (agents) =>
      agents.map((agent) => ({
        key: agent.id,
        line: [
          agent.name,
          toAgentState(agent),
          `${agent.slots.used}/${agent.slots.total}`,
          toHealthWord(agent),
          ...(agent.health?.problems ?? []).map(toPrintable),
        ].join('\t'),
      })),
    isOver: () => false,
  });
}

function toProblemLines(agents: readonly Agent[]): readonly string[] {
  return agents.flatMap(({ name, health }) =>
    (health?.problems ?? []).map((problem) => `${name}: ${toPrintable(problem)}`),
  );
}

function toAdmissionWords({ admission, online }: Agent, now: number): string | null {
  if (admission === null || !online) return null;
  return `${admission.state} for ${toAgeWords(Math.max(now - Date.parse(admission.since), 0))}`;
}

/** `memory 0 %, disk 2 %, processors 67 %`: what the kernel there does not tell is left out. */
function toPressureWords({ admission }: Agent): string | null {
  const { memory = null, io = null, cpu = null } = admission?.values ?? {};
  const rows = [['memory', memory] as const, ['disk', io] as const, ['processors', cpu] as const];
  const told = rows.flatMap(([name, stall]) => (stall === null ? [] : [`${name} ${stall.percent} %`]));
  return told.length === 0 ? null : told.join(', ');
}

function toLoopLagWords({ loopLagMs, admission }: Agent): string | null {
  if (loopLagMs === null) return null;
  const longest = admission === null ? '' : `; the longest stop of a minute ${admission.values.loopLagMaxMs} ms`;
  return `${Math.round(loopLagMs)} ms${longest}`;
}

function toFullLines(stdout: Output, agent: Agent, now: number): readonly string[] {
  const { platform, health, slots, automations } = agent;
  const facts: readonly (readonly [string, string | null])[] = [
    ['name', agent.name],
    ['id', agent.id],
    ['account', agent.account],
    ['state', paintAgentState(stdout, agent)],
    ['note', agent.note === null ? null : toPrintable(agent.note)],
    ['health', health === null ? null : paintHealth(stdout, agent, toHealthWord(agent) === '-' ? '-' : health.state)],
    ['version', agent.version],
    ['platform', platform === null ? null : `${platform.os} ${platform.arch}, ${platform.release}`],
    ['host', platform?.hostname ?? null],
    ['node', platform?.node ?? null],
    ['transport', agent.transport],
    ['slots', `${slots.used} of ${slots.total} taken`],
    ['labels', Object.keys(agent.labels).length === 0 ? null : toLabelWords(agent.labels)],
    ['admission', toAdmissionWords(agent, now)],
    ['pressure', toPressureWords(agent)],
    ['loop lag', toLoopLagWords(agent)],
    [
      'key',
      agent.keyFingerprint === '' ? null : `${agent.keyFingerprint}${agent.keyRotating ? ' (to be replaced)' : ''}`,
    ],
    ['last seen', toTimeWords(stdout, agent.lastSeenAt, now)],
    ['joined', agent.createdAt],
  ];
  return [
    ...facts.flatMap(([title, value]) => (value === null ? [] : [`${`${title}:`.padEnd(12)} ${value}`])),
    `${'automations:'.padEnd(12)} ${automations.length === 0 ? 'none' : ''}`.trimEnd(),
    ...automations.map(({ name, digest }) => `  ${name}  ${stdout.paint('dim', digest.slice(0, 12))}`),
    ...(health?.problems ?? []).map((problem) => stdout.paint('yellow', `problem: ${toPrintable(problem)}`)),
  ];
}
