import type { Job, WaitingReason } from '../protocol/job.ts';
import { toPrintable } from './to-printable.ts';

/** What keeps an agent from taking the job, and what would change that. */
const reasons: Readonly<Record<WaitingReason, (agent: string, job: Job) => string>> = {
  offline: (agent) => `${agent} is offline; start it, or wait until it is back`,
  labels: (agent, { selector }) =>
    `${agent} does not carry the labels that ${JSON.stringify(selector)} asks for; see \`farhand agents\``,
  automation: (agent, { automation }) =>
    `${agent} does not offer ${automation}; see \`farhand automations\`, or add the file to its automations folder`,
  parameters: (agent, { automation }) => `${agent} offers a ${automation} that does not take these parameters`,
  slots: (agent) => `${agent} is busy: all its slots are taken; wait, or raise FARHAND_SLOTS there`,
  'automation-busy': (agent, { automation }) =>
    `${agent} already runs as many of ${automation} as its maxConcurrent allows; wait`,
  draining: (agent) => `${agent} is draining and takes no new jobs`,
  'store-changed': (agent) =>
    `${agent} saw that the hub lost or restored its store; on its machine: \`farhand agent trust-hub\``,
  pressure: (agent) => `${agent} is short of memory, CPU or disk; wait, or see its health in \`farhand agents --json\``,
  declined: (agent) => `${agent} declined it a moment ago; it will be asked again`,
};

/** One line for each agent that cannot take the job; the first says that nobody can. Empty when somebody can, or soon. */
export function toWaitingLines(job: Job, isAnyAgentKnown: boolean): readonly string[] {
  if (job.waiting.length > 0) {
    return [
      'waiting: no agent can take the job now',
      ...job.waiting.map(({ agent, reason }) => `  ${toWords(reason, agent, job)}`),
    ];
  }
  if (isAnyAgentKnown) return [];
  return [
    'waiting: no agent has joined this hub yet',
    '  make a token with `farhand token create --join`, and on the machine that is to run jobs:',
    '  FARHAND_HUB_URL=… FARHAND_JOIN_TOKEN=… farhand agent',
  ];
}

/** A newer hub may have reasons that are not known here. */
function toWords(reason: string, agent: string, job: Job): string {
  return Object.hasOwn(reasons, reason)
    ? reasons[reason as WaitingReason](agent, job)
    : `${agent}: ${toPrintable(reason)}`;
}
