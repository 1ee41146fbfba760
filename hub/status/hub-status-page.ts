import type { HubStatus, Obstacle, TroubledAgent, WaitingJobs } from '../../protocol/hub-status.ts';
import { toByteWords } from '../../runtime/byte-words.ts';
import { toLoopLagWords } from '../../runtime/loop-lag-words.ts';
import { isFailing, toAgo, toLoopSection, toSpan } from '../../runtime/loop-rows.ts';
import { type Cell, type PageSection, toStatusHtml } from '../../runtime/status-html.ts';

/** What each reason means to somebody who wants the job to run. */
const words: Readonly<Record<Obstacle, string>> = {
  'no-agent': 'the account has no agent at all: enrol one (farhand token create --join)',
  soon: 'an agent can take it now: it is about to be offered, or others have their turn first',
  store: 'the store took no offer a moment ago and is asked again: see the loop “scheduler”',
  unexamined: 'too many groups and agents to look at each: see those above',
  quota: 'the account has as many jobs on agents as it may: wait, or raise its quota (farhand accounts)',
  'hub-starting': 'the hub has started, and offers nothing before its agents had time to come back: wait',
  'store-behind':
    'an agent has seen this hub further than it is, so its store is an older copy, and jobs that wait may have run: see docs/guides/troubleshooting.md',
  slots: 'every agent that could is busy: wait, add agents, or raise FARHAND_SLOTS',
  'automation-busy': 'maxConcurrent of the automation is reached on every agent that could: wait',
  declined: 'agents with room said no, or did not answer, a moment ago, and are asked again: see their log',
  pressure:
    'agents that could are short of memory, CPU or disk and take nothing until that is over: see what each says',
  draining: 'every agent that could is draining: farhand resume NAME',
  'store-changed': 'the agent distrusts this hub since its store changed: farhand agent trust-hub, on its machine',
  offline: 'every agent that could is offline: start it, or look at its network',
  parameters: 'agents offer a form of the automation that these parameters do not fit',
  automation: 'agents with these labels do not offer the automation: add its file there',
  labels: 'no agent carries the labels that the selector asks for',
};

const short: Readonly<Record<string, string>> = {
  quota: 'held by the quota',
  'hub-starting': 'wait for the hub to have started',
  'store-behind': 'wait for somebody to look at the hub',
  slots: 'busy',
  'automation-busy': 'at maxConcurrent',
  declined: 'just declined or silent',
  pressure: 'under pressure',
  draining: 'draining',
  'store-changed': 'distrust the hub',
  offline: 'offline',
  parameters: 'take other parameters',
  automation: 'lack the automation',
  labels: 'lack the labels',
};

/** The status of a hub for a person. What asks for somebody comes first. Text of others is text, never markup. */
export function toHubStatusPage(status: HubStatus): string {
  const now = Date.parse(status.at);
  const { version, startedAt } = status;
  return toStatusHtml({
    title: `hub: ${status.notReady ?? `${status.jobs.queued} jobs wait`}`,
    heading: 'farhand hub',
    subtitle: `version ${version}, up for ${toSpan(now - Date.parse(startedAt))}, as of ${status.at}`,
    sections: [
      toOverview(status, now),
      toReasonSection(status),
      toGroupSection(status),
      toAgentSection(status, now),
      toLoopSection(status.loops, now),
    ],
  });
}

function toOverview(status: HubStatus, now: number): PageSection {
  const { jobs, agents, notReady, held, store, freeBytes } = status;
  const failing = status.loops.filter((loop) => isFailing(loop, now));
  const stuck = status.loops.filter(({ isStuck }) => isStuck);
  const rows: (readonly Cell[])[] = [
    ['ready', notReady === null ? { text: 'yes', look: 'good' } : { text: notReady, look: 'bad' }],
    ...(held === null ? [] : [['held', { text: held, look: 'bad' as const }]]),
    ['jobs', `${jobs.queued} wait, ${jobs.offered} are offered, ${jobs.running} run`],
    ['last offer', status.lastOfferAt === null ? 'none yet' : toAgo(status.lastOfferAt, now)],
    [
      'agents',
      {
        text: `${agents.online} online, ${agents.full} of them full; ${agents.offline} offline`,
        look: agents.offline > 0 ? 'warn' : 'good',
      },
    ],
    ['sessions', `${status.sessions} open; ${status.readers} readers of logs and events`],
    ['store', `${store.commandsWaiting} commands wait, ${store.commits} commits in all`],
    ...toInventoryRow(status.inventory),
    ['disk', freeBytes === null ? 'unknown' : `${toByteWords(freeBytes)} free`],
    ['TLS', toTlsCell(status.tls)],
    ['event loop', status.loopLagMs > 200 ? { text: toLoopLagWords(status), look: 'warn' } : toLoopLagWords(status)],
  ];
  if (stuck.length > 0) rows.push(['stuck', { text: stuck.map(({ name }) => name).join(', '), look: 'bad' }]);
  if (failing.length > 0)
    rows.push(['failing', { text: `${failing.map(({ name }) => name).join(', ')}: see below`, look: 'bad' }]);
  return { title: 'At a glance', rows };
}

/** Nothing where no agent watches a cluster. */
function toInventoryRow(inventory: HubStatus['inventory']): (readonly Cell[])[] {
  if (inventory === null) return [];
  const { nodes, apps } = inventory;
  const stale = nodes.stale + apps.stale;
  const all = nodes.current + apps.current + stale;
  const text = `${nodes.current + nodes.stale} nodes and ${apps.current + apps.stale} apps`;
  if (all === 0) return [];
  return [['clusters', stale === 0 ? text : { text: `${text}, ${stale} of them as they were once`, look: 'warn' }]];
}

const fewDays = 14;

function toTlsCell(tls: HubStatus['tls']): Cell {
  if (tls === null) return { text: 'off: the hub speaks plaintext', look: 'dim' };
  const { problem, certificate, clientCa } = tls;
  if (problem !== null) return { text: `new files are not in use: ${problem}`, look: 'bad' };
  const ca = clientCa === null ? '' : `; CA of clients ends in ${clientCa.daysLeft} days`;
  const daysLeft = Math.min(certificate.daysLeft, clientCa?.daysLeft ?? certificate.daysLeft);
  const text = `the certificate ends in ${certificate.daysLeft} days (${certificate.names})${ca}`;
  return { text, look: daysLeft < 0 ? 'bad' : daysLeft < fewDays ? 'warn' : 'good' };
}

function toReasonSection({ waiting }: HubStatus): PageSection {
  return {
    title: 'Why jobs wait',
    ...(waiting.reasons.length === 0 ? { note: 'None waits.' } : {}),
    head: ['reason', 'jobs', 'longest', 'what that means'],
    rows: waiting.reasons.map(({ reason, jobs, oldestSeconds, needsSomebody }) => [
      needsSomebody ? { text: reason, look: 'bad' } : reason,
      String(jobs),
      toSpan(oldestSeconds * 1000),
      words[reason],
    ]),
  };
}

function toGroupSection({ waiting }: HubStatus): PageSection {
  const more = waiting.moreGroups === 0 ? {} : { note: `${waiting.moreGroups} more groups have waited less long.` };
  return {
    title: 'Jobs that wait, by what they ask for',
    ...more,
    head: ['automation', 'selector', 'jobs', 'longest', 'reason', 'agents', 'oldest job'],
    rows: waiting.groups.map((group) => [
      group.account === 'default' ? group.automation : `${group.automation} (account ${group.account})`,
      group.selector === '' ? { text: 'any agent', look: 'dim' } : group.selector,
      String(group.jobs),
      toSpan(group.oldestSeconds * 1000),
      group.reason,
      toAgentWords(group),
      group.oldestJob,
    ]),
  };
}

/** `3 busy (a1, a2, a3), 2 offline` */
function toAgentWords({ agents, nearestAgents }: WaitingJobs): string {
  return agents
    .map(({ reason, agents: count }, index) => {
      const word = short[reason] ?? reason;
      if (index > 0) return `${count} ${word}`;
      const more = count > nearestAgents.length ? ' …' : '';
      return `${count} ${word} (${nearestAgents.join(', ')}${more})`;
    })
    .join(', ');
}

const looks: Readonly<Record<TroubledAgent['state'], 'bad' | 'warn'>> = {
  offline: 'bad',
  silent: 'bad',
  'store-changed': 'bad',
  pressure: 'warn',
  degraded: 'warn',
  draining: 'warn',
};

function toAgentSection({ agents }: HubStatus, now: number): PageSection {
  const more = agents.moreTroubled === 0 ? {} : { note: `${agents.moreTroubled} more are not shown.` };
  return {
    title: 'Agents that take no job, or complain',
    ...more,
    head: ['agent', 'is', 'last seen', 'slots', 'says'],
    rows: agents.troubled.map(({ account, name, state, since, slots, problems }) => [
      account === 'default' ? name : `${name} (account ${account})`,
      { text: state, look: looks[state] },
      since === null ? '' : toAgo(since, now),
      `${slots.used} of ${slots.total}`,
      problems.join('; '),
    ]),
  };
}
