import type { Job, WaitingReason } from '../protocol/job.ts';
import { toPrintable } from './to-printable.ts';

/** What keeps agents from taking the job, and what would change that. `who` is one agent, or several. */
const reasons: Readonly<Record<WaitingReason, (who: Who, job: Job) => string>> = {
  offline: ({ names, be, isOne }) =>
    `${names} ${be} offline; start ${isOne ? 'it, or wait until it is' : 'them, or wait until they are'} back`,
  labels: ({ names, do: does }, { selector }) =>
    `${names} ${does} not carry the labels that ${JSON.stringify(selector)} asks for; see \`farhand agents\``,
  automation: ({ names, do: does, isOne }, { automation }) =>
    `${names} ${does} not offer ${automation}; see \`farhand automations\`, or add the file to ${isOne ? 'its automations folder' : 'their automations folders'}`,
  parameters: ({ names, isOne }, { automation }) =>
    `${names} ${isOne ? 'offers' : 'offer'} a ${automation} that does not take these parameters`,
  slots: ({ names, be }) => `${names} ${be} busy: all slots are taken; wait, or raise FARHAND_SLOTS there`,
  'automation-busy': ({ names, isOne }, { automation }) =>
    `${names} already ${isOne ? 'runs' : 'run'} as many of ${automation} as its maxConcurrent allows; wait`,
  draining: ({ names, be, isOne }) => `${names} ${be} draining and ${isOne ? 'takes' : 'take'} no new jobs`,
  'store-changed': ({ names, isOne }) =>
    `${names} saw that the hub lost or restored its store; on ${isOne ? 'its machine' : 'the machine of each'}: \`farhand agent trust-hub\``,
  pressure: ({ names, be }) => `${names} ${be} under pressure; wait, or see \`farhand agents\``,
  quota: () => 'the account has as many jobs on agents as its quota allows; wait, or see `farhand accounts`',
  'hub-starting': () => 'the hub has started, and waits for its agents before it offers anything; wait',
  'store-behind': () =>
    'the hub holds all jobs: an agent has seen its store further than it is, so it is an older copy; see `farhand trust-store --help`',
  declined: ({ names }) => `${names} declined it a moment ago; it will be asked again`,
};

interface Who {
  readonly names: string;
  readonly isOne: boolean;
  readonly be: 'is' | 'are';
  readonly do: 'does' | 'do';
}

const maxNamed = 5;

function toWho(named: readonly string[], count: number): Who {
  const isOne = count === 1;
  const shown = named.slice(0, maxNamed);
  const more = count - shown.length;
  const names =
    shown.length === 0
      ? `${count} agents`
      : more > 0
        ? `${count} agents (${shown.join(', ')} and ${more} more)`
        : toList(shown);
  return { names, isOne, be: isOne ? 'is' : 'are', do: isOne ? 'does' : 'do' };
}

/** `a1`, `a1 and a2`, `a1, a2 and a3` */
function toList(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** One line for each reason, with the agents that it holds for; the first says that nobody can. Empty when somebody can, or soon. */
export function toWaitingLines(job: Job): readonly string[] {
  if (job.waiting.length > 0) {
    const named = Map.groupBy(job.waiting, ({ reason }): string => reason);
    // An older hub names every agent, and does not count.
    const counts = new Map<string, number>([...named].map(([reason, agents]) => [reason, agents.length]));
    for (const { reason, agents } of job.waitingReasons) counts.set(reason, agents);
    const lines = [...counts].flatMap(([reason, count]) => {
      const waiting = named.get(reason) ?? [];
      const agents = waiting.map(({ agent }) => agent);
      return [`  ${toWords(reason, toWho(agents, count), job)}`, ...toDetails(waiting)];
    });
    return ['waiting: no agent can take the job now', ...lines];
  }
  if (!job.waitingReasons.some(({ reason }) => reason === 'no-agent')) return [];
  return [
    job.account === 'default'
      ? 'waiting: no agent has joined this hub yet'
      : `waiting: no agent has joined the account ${job.account} yet`,
    '  make a token with `farhand token create --join`, and on the machine that is to run jobs:',
    '  FARHAND_HUB_URL=… FARHAND_JOIN_TOKEN=… farhand agent',
  ];
}

/** What each agent says itself, of those that are named. */
function toDetails(waiting: Job['waiting']): readonly string[] {
  return waiting.slice(0, maxNamed).flatMap(({ agent, message }) => {
    return message === undefined ? [] : [`    ${agent}: ${toPrintable(message)}`];
  });
}

/** A newer hub may have reasons that are not known here. */
function toWords(reason: string, who: Who, job: Job): string {
  return Object.hasOwn(reasons, reason)
    ? reasons[reason as WaitingReason](who, job)
    : `${who.names}: ${toPrintable(reason)}`;
}
