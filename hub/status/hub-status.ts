import type { HubStatus, TroubledAgent, WaitingJobs } from '../../protocol/hub-status.ts';
import type { LoopStatus } from '../../runtime/loop-board.ts';
import type { LoopLagValues } from '../../runtime/loop-lag.ts';
import type { LiveAgent } from '../fleet/live-agent.ts';
import { needsSomebody, type WaitingGroup, type WaitingGroups } from '../scheduler/waiting-group.ts';

/** Whose eyes it is for. */
export interface StatusReader {
  readonly account: string;
  /** An administrator of the account that the hub belongs to sees all accounts. */
  readonly seesAll: boolean;
}

export interface HubStatusSources {
  readonly version: string;
  readonly startedAt: number;
  readonly now: number;
  readonly notReady: string | null;
  readonly held: string | null;
  readonly lastOfferAt: number | null;
  readonly jobs: HubStatus['jobs'];
  readonly waiting: WaitingGroups;
  readonly agents: Iterable<LiveAgent>;
  readonly count: { readonly online: number; readonly offline: number };
  readonly tls: HubStatus['tls'];
  readonly sessions: number;
  readonly readers: number;
  readonly store: HubStatus['store'];
  readonly inventory: HubStatus['inventory'];
  readonly freeBytes: number | null;
  readonly loopLag: LoopLagValues;
  readonly loops: readonly LoopStatus[];
}

/** Of what is wrong with agents: the worst first. */
const urgency: readonly TroubledAgent['state'][] = [
  'store-changed',
  'silent',
  'offline',
  'pressure',
  'degraded',
  'draining',
];
const maxGroups = 50;
const maxTroubled = 50;
const maxNearest = 5;
const maxProblems = 3;

/** What `reader` may see of a hub: numbers of everybody, names of his own account. */
export function toHubStatus(sources: HubStatusSources, reader: StatusReader): HubStatus {
  const { now } = sources;
  const { groups, more } = sources.waiting;
  const mine = ({ account }: { readonly account: string }) => reader.seesAll || account === reader.account;
  const shown = groups.filter(mine).toSorted((a, b) => a.oldest.createdAt - b.oldest.createdAt);
  const agents = [...sources.agents];
  const troubled = agents.filter(mine).flatMap((agent) => toTroubled(agent) ?? []);
  troubled.sort((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state) || (a.name < b.name ? -1 : 1));
  return {
    version: sources.version,
    at: toTime(now),
    startedAt: toTime(sources.startedAt),
    notReady: sources.notReady,
    held: sources.held,
    lastOfferAt: sources.lastOfferAt === null ? null : toTime(sources.lastOfferAt),
    jobs: sources.jobs,
    waiting: {
      reasons: toReasons(sources.waiting, now),
      groups: shown.slice(0, maxGroups).map((group) => toGroupStatus(group, now)),
      moreGroups: Math.max(0, shown.length - maxGroups) + (reader.seesAll ? more.groups : 0),
    },
    agents: {
      ...sources.count,
      full: agents.filter(isFull).length,
      troubled: troubled.slice(0, maxTroubled),
      moreTroubled: Math.max(0, troubled.length - maxTroubled),
    },
    tls: sources.tls,
    sessions: sources.sessions,
    readers: sources.readers,
    store: sources.store,
    inventory: sources.inventory,
    freeBytes: sources.freeBytes,
    loopLagMs: sources.loopLag.p99Ms,
    loopLagMeanMs: sources.loopLag.meanMs,
    loopLagMaxMs: sources.loopLag.maxMs,
    // What failed may name somebody of another account.
    loops: sources.loops.map((loop) =>
      reader.seesAll || loop.lastFailure === null
        ? loop
        : { ...loop, lastFailure: { ...loop.lastFailure, message: '' } },
    ),
  };
}

/** What keeps jobs from running, in numbers: the most jobs first. */
function toReasons({ groups, more }: WaitingGroups, now: number): HubStatus['waiting']['reasons'] {
  const rest = { reason: 'unexamined', jobs: more.jobs, oldestSeconds: 0, needsSomebody: false } as const;
  const byReason = Map.groupBy(groups, ({ obstacle }) => obstacle);
  const reasons = [...byReason].map(([reason, group]) => ({
    reason,
    jobs: group.reduce((sum, { jobs }) => sum + jobs, 0),
    oldestSeconds: toSeconds(now - Math.min(...group.map(({ oldest }) => oldest.createdAt))),
    needsSomebody: needsSomebody(reason),
  }));
  return [...reasons, ...(more.jobs === 0 ? [] : [rest])].toSorted((a, b) => b.jobs - a.jobs);
}

function toGroupStatus(group: WaitingGroup, now: number): WaitingJobs {
  const { account, automation, selector, jobs, oldest, obstacle, view } = group;
  const [nearest] = view.agents;
  const nearestAgents = view.agents.filter(({ reason }) => reason === nearest?.reason).map(({ agent }) => agent);
  return {
    account,
    automation,
    selector,
    jobs,
    oldestJob: oldest.id,
    oldestSeconds: toSeconds(now - oldest.createdAt),
    reason: obstacle,
    agents: [...view.reasons],
    nearestAgents: nearestAgents.slice(0, maxNearest),
  };
}

function toTroubled(agent: LiveAgent): TroubledAgent | null {
  const state = stateOf(agent);
  if (state === null) return null;
  const { account, name, busyTotal, slots, report, keyHolders } = agent;
  const { lastSeenAt, desired } = agent.record;
  const note = desired.drain ? desired.note : null;
  return {
    account,
    name,
    state,
    since: state === 'offline' && lastSeenAt !== null ? toTime(lastSeenAt) : null,
    slots: { used: busyTotal, total: slots },
    problems: [note, keyHolders.problem, ...(report?.health.problems ?? [])]
      .filter((problem) => problem !== null)
      .slice(0, maxProblems),
  };
}

function isFull({ leaseEpoch, busyTotal, slots }: LiveAgent): boolean {
  return leaseEpoch !== null && slots > 0 && busyTotal >= slots;
}

function stateOf(agent: LiveAgent): TroubledAgent['state'] | null {
  if (agent.leaseEpoch === null) return 'offline';
  if (agent.report === null) return 'silent';
  if (agent.health === 'store-changed') return 'store-changed';
  if (!agent.schedulable || agent.health === 'draining') return 'draining';
  if (agent.closedBecause !== null) return 'pressure';
  return agent.health === 'degraded' || agent.keyHolders.problem !== null ? 'degraded' : null;
}

function toTime(at: number): string {
  return new Date(at).toISOString();
}

function toSeconds(ms: number): number {
  return Math.max(0, Math.round(ms / 1000));
}
