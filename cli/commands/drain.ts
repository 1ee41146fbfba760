import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { Agent } from '../../protocol/agent.ts';
import type { ApiClient } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { fetchAgent, wishOfAgent } from '../fetch-items.ts';
import { accessHub, addHubOptions } from '../hub-access.ts';
import { listenForInterruption } from '../interruption.ts';
import { printJson } from '../json-document.ts';
import { withKnownAgent } from '../known-agent.ts';

interface DrainOptions {
  readonly note?: string;
  readonly wait?: true;
  readonly json?: true;
}

const lookEveryMs = 1_000;

const details = `
What runs on it goes on; nothing new is given to it until \`farhand resume\`. The hub keeps the wish, also while the agent is
offline or started anew. An administrator's token is needed.

Exit code: 0 it is drained, or with --wait has nothing left to do; 2 there is no such agent; 3 cannot reach the hub, or
not allowed; 130 you stopped waiting (it stays drained).`;

export function createDrainCommand(context: Context): Command {
  const command = new Command('drain')
    .description('give an agent no more work; what runs on it goes on')
    .argument('<agent>', 'its name')
    .option('--note <text>', 'why, for whoever looks later (`farhand agents NAME` shows it)')
    .option('--wait', 'return when nothing runs on it any more')
    .option('--json', 'print the agent as one JSON document')
    .addHelpText('after', details)
    .action((name: string, options: DrainOptions) => drain(command, context, name, options));
  addExamples(
    command,
    ['farhand drain a1 --note "new disk" --wait', 'then work on the machine'],
    ['farhand resume a1', 'give it work again'],
  );
  return addHubOptions(command);
}

async function drain(command: Command, context: Context, name: string, options: DrainOptions): Promise<void> {
  const { stdout } = context;
  const api = accessHub(command, context);
  let agent = await withKnownAgent(api, name, () =>
    wishOfAgent(api, name, { wish: 'drain', note: options.note ?? null }),
  );
  if (options.wait === true && agent.slots.used > 0) {
    using interruption = listenForInterruption();
    try {
      agent = await waitUntilIdle(api, context, name, interruption.signal);
    } catch (error) {
      const code = interruption.exitCode();
      if (code === null) throw error;
      await context.stderr.line(`\nnot waiting any more; ${name} stays drained. \`farhand resume ${name}\` undoes it`);
      context.exitWith(code);
      return;
    }
  }
  if (options.json === true) return printJson(context, agent);
  const { used } = agent.slots;
  if (used > 0)
    await stdout.line(`${name} takes no more work; ${used} ${used === 1 ? 'job runs' : 'jobs run'} on it still`);
  else await stdout.line(`${name} takes no more work, and nothing runs on it`);
}

/** A hub that is away is waited for: it keeps the wish. */
async function waitUntilIdle(api: ApiClient, { stderr }: Context, name: string, signal: AbortSignal): Promise<Agent> {
  let said = '';
  const say = async (text: string) => {
    if (text !== said) await stderr.line(stderr.paint('dim', text));
    said = text;
  };
  for (;;) {
    try {
      const agent = await fetchAgent(api, name, signal);
      const { used } = agent.slots;
      if (used === 0) return agent;
      const where = agent.online ? name : `${name}, which is offline`;
      await say(`waiting for ${used} ${used === 1 ? 'job' : 'jobs'} on ${where}`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ApiError && error.isPassing)) throw error;
      await say('the hub is away; waiting for it');
    }
    await delay(lookEveryMs, undefined, { signal });
  }
}
