import { Command } from 'commander';
import type { Facts } from '../../protocol/facts.ts';
import type { ApiClient } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { toFactsLines } from '../facts-words.ts';
import { Failure } from '../failure.ts';
import { fetchAgents, fetchAllFacts, fetchFacts, fetchFactsHistory } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { printJson } from '../json-document.ts';
import { wholeNumberOption } from '../number-option.ts';
import { printTable } from '../table.ts';
import { toDurationWords } from '../time-words.ts';
import { toPrintable } from '../to-printable.ts';

const details = `
Without AGENT: a line for each probe of each agent. With AGENT: what its probes found, or the one PROBE. Facts are as old as
they say; agents refresh them by themselves.`;

interface FactsOptions {
  readonly history?: true;
  readonly limit: number;
  readonly json?: true;
}

interface FactsOf extends Facts {
  readonly agent: string;
}

export function createFactsCommand(context: Context): Command {
  const command = new Command('facts')
    .description('show what the probes of agents found out about their machines')
    .argument('[agent]', 'the agent to look at')
    .argument('[probe]', 'one of its probes, such as host')
    .option('--history', 'what changed, the newest first; takes AGENT and PROBE')
    .option('--limit <number>', 'how many changes', wholeNumberOption(1, 10_000), 20)
    .option('--json', 'print one JSON document')
    .addHelpText('after', details)
    .action((agent: string | undefined, probe: string | undefined, options: FactsOptions) =>
      explainNotFound(async () => {
        const { history, limit, json } = options;
        const print = { context, json: json === true };
        if (history === true) {
          if (agent === undefined || probe === undefined) {
            throw new Failure(exitCodes.usage, '--history: expected an agent and a probe', [
              'Such as: farhand facts a1 host --history',
            ]);
          }
          await printHistory(accessHub(command, context), { agent, probe, limit }, print);
        } else if (agent === undefined) await printOverview(accessHub(command, context), print);
        else await printFacts(accessHub(command, context), { agent, probe }, print);
      }),
    );
  addExamples(
    command,
    ['farhand facts', 'what each agent told, and when'],
    ['farhand facts a1 host', 'the machine that a1 stands on'],
    ['farhand facts a1 host --history', 'what changed on it'],
  );
  return addHubOptions(command);
}

/** A name that the hub does not know is most likely mistyped. */
async function explainNotFound(show: () => Promise<void>): Promise<void> {
  try {
    await show();
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem?.code !== 'not-found') throw error;
    throw new Failure(exitCodes.usage, error.message, ['Which agents there are, and their probes: farhand facts']);
  }
}

interface Print {
  readonly context: Context;
  readonly json: boolean;
}

async function printOverview(api: ApiClient, { context, json }: Print): Promise<void> {
  const { stdout, stderr } = context;
  const found: FactsOf[] = [];
  for (const { name } of await fetchAgents(api)) {
    for (const facts of await fetchAllFacts(api, name)) found.push({ agent: name, ...facts });
  }
  if (json) return printJson(context, found);
  if (found.length === 0 && stdout.isTerminal) await stderr.line('no agent told any facts yet');
  const rows = found.map((facts) => [
    facts.agent,
    facts.probe,
    toState(facts),
    toAge(facts.collectedAt, stdout.isTerminal),
    toAge(facts.changedAt, stdout.isTerminal),
  ]);
  await printTable(stdout, ['AGENT', 'PROBE', 'STATE', 'COLLECTED', 'CHANGED'], rows);
  for (const facts of found) await complain(context, facts);
}

async function printFacts(
  api: ApiClient,
  { agent, probe }: { readonly agent: string; readonly probe: string | undefined },
  { context, json }: Print,
): Promise<void> {
  const { stdout, stderr } = context;
  const found = probe === undefined ? await fetchAllFacts(api, agent) : [await fetchFacts(api, agent, probe)];
  if (json) return printJson(context, probe === undefined ? found : found[0]);
  if (found.length === 0 && stdout.isTerminal) {
    await stderr.line(`${agent} told no facts yet: its probes run soon after its start, unless FARHAND_PROBES is none`);
  }
  for (const [index, facts] of found.entries()) {
    if (index > 0) await stdout.line('');
    const age = facts.collectedAt === null ? 'never' : toAge(facts.collectedAt, stdout.isTerminal);
    const gone = facts.gone ? ', gone from the agent' : '';
    await stdout.line(stdout.paint('bold', `${facts.probe} (${age}${gone})`));
    for (const line of toFactsLines(facts.facts ?? {})) await stdout.line(line);
    await complain(context, { agent, ...facts });
  }
}

async function printHistory(
  api: ApiClient,
  of: { readonly agent: string; readonly probe: string; readonly limit: number },
  { context, json }: Print,
): Promise<void> {
  const { stdout } = context;
  const changes = await fetchFactsHistory(api, of);
  if (json) return printJson(context, changes);
  const rows = changes.map(({ sequence, collectedAt, changed }) => [
    String(sequence),
    toAge(collectedAt, stdout.isTerminal),
    changed.join(', '),
  ]);
  await printTable(stdout, ['CHANGE', 'COLLECTED', 'CHANGED'], rows);
}

function complain({ stderr }: Context, { agent, probe, error }: FactsOf): Promise<void> | undefined {
  if (error === null) return undefined;
  return stderr.line(stderr.paint('yellow', `${agent}: probe ${probe}: ${toPrintable(error.message)} (${error.at})`));
}

function toState({ gone, error, facts }: Facts): string {
  if (gone) return 'gone';
  if (error === null) return 'ok';
  return facts === null ? 'failed' : 'stale';
}

function toAge(at: string | null, isTerminal: boolean): string {
  if (at === null) return '-';
  return isTerminal ? `${toDurationWords(Math.max(Date.now() - Date.parse(at), 0))} ago` : at;
}
