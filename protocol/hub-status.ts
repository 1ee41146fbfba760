import { z } from 'zod';
import { HubTls } from './hub-tls.ts';
import { WaitingReasonCount, waitingReasons } from './job.ts';
import { Name, Timestamp } from './names.ts';

const Count = z.int().min(0);

/** A loop of a process, as it says itself. */
export const LoopReport = z.object({
  name: z.string().describe('`scheduler`, `probe host`'),
  kind: z.string().describe('the name without what tells it from its sisters'),
  doing: z.string().describe('what it does, or what it waits for'),
  since: Timestamp.describe('since when it does that'),
  next: Timestamp.nullable().describe('when it goes on by itself; null where it waits for somebody'),
  turns: Count,
  lastTurnAt: Timestamp.nullable(),
  failures: Count,
  lastFailure: z.object({ at: Timestamp, message: z.string() }).nullable(),
  isStuck: z.boolean().describe('late by far, which only a fault in the process explains'),
});

/**
 * What keeps queued jobs from running:
 *
 * - a reason of agents: what the nearest agent lacks, that is the one which does most of what the jobs ask for
 * - `no-agent`: the account has none at all
 * - `soon`: an agent could take one now; it is about to be offered, or others have their turn before it
 * - `store`: the store took no offer a moment ago, and is asked again
 * - `unexamined`: there are too many jobs and agents to look at them all
 */
export const obstacles = [...waitingReasons, 'no-agent', 'soon', 'store', 'unexamined'] as const;
export const Obstacle = z.enum(obstacles);
export type Obstacle = z.infer<typeof Obstacle>;

/** Queued jobs of one account that ask the same of an agent. */
export const WaitingJobs = z.object({
  account: Name,
  automation: Name,
  selector: z.string(),
  jobs: Count,
  oldestJob: z.string(),
  oldestSeconds: Count,
  reason: Obstacle,
  agents: z.array(WaitingReasonCount).describe('all agents of the account by what they lack, the nearest first'),
  nearestAgents: z.array(Name).describe('the first of those that lack what is nearest'),
});
export type WaitingJobs = Readonly<z.infer<typeof WaitingJobs>>;

/** An agent that can take no job, or says that something is wrong. */
export const TroubledAgent = z.object({
  account: Name,
  name: Name,
  state: z
    .enum(['offline', 'silent', 'draining', 'pressure', 'store-changed', 'degraded'])
    .describe(
      '`silent`: it is online and has not said what it is; the log of the hub may say why that could not be read',
    ),
  since: Timestamp.nullable().describe('since when it is offline; null where it is not, or was never there'),
  slots: z.object({ used: Count, total: Count }),
  problems: z.array(z.string()),
});
export type TroubledAgent = Readonly<z.infer<typeof TroubledAgent>>;

const InventoryTotal = z.object({
  current: Count,
  stale: Count.describe('of which nobody knows whether they are still so'),
});

/** How many nodes and apps agents told of. */
export const InventoryTotals = z.object({ nodes: InventoryTotal, apps: InventoryTotal });
export type InventoryTotals = Readonly<z.infer<typeof InventoryTotals>>;

/** Answer of `GET /status` of a hub. Numbers are those of all accounts; names are of those that the reader may see. */
export const HubStatus = z.object({
  version: z.string(),
  at: Timestamp,
  startedAt: Timestamp,
  notReady: z.string().nullable().describe('why the hub cannot do its work; null when it can'),
  held: z.string().nullable().describe('why no job is offered until somebody did something; null when that is not so'),
  lastOfferAt: Timestamp.nullable().describe('when this process last offered a job to an agent'),
  jobs: z.object({ queued: Count, offered: Count, running: Count }),
  waiting: z.object({
    reasons: z.array(
      z.object({
        reason: Obstacle,
        jobs: Count,
        oldestSeconds: Count,
        needsSomebody: z.boolean().describe('waiting alone does not help'),
      }),
    ),
    groups: z.array(WaitingJobs).describe('those that have waited longest first; not all if there are many'),
    moreGroups: Count,
  }),
  agents: z.object({
    online: Count,
    offline: Count,
    full: Count.describe('online, and every slot is taken'),
    troubled: z.array(TroubledAgent).describe('not all if there are many'),
    moreTroubled: Count,
  }),
  tls: HubTls.nullable().describe('null where the hub speaks plaintext'),
  sessions: Count,
  readers: Count,
  store: z.object({ commits: Count, commandsWaiting: Count }),
  inventory: InventoryTotals.nullable().describe('nodes and apps of clusters, when last counted'),
  freeBytes: z.number().nullable().describe('of the disk of the data folder'),
  loopLagMs: z.number().describe('99 of 100 turns of the event loop in the last five seconds were no later'),
  loopLagMeanMs: z.number().describe('what came at any moment of the last five seconds waited so long, on average'),
  loopLagMaxMs: z.number().describe('the longest stop of the last minute'),
  loops: z.array(LoopReport),
});
export type HubStatus = Readonly<z.infer<typeof HubStatus>>;
