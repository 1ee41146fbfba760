import type { AgentDesired, AgentReport } from '../protocol/agent-report.ts';
import { protocolVersion } from '../protocol/hello.ts';
import type { Offer } from '../protocol/offer.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Loop, LoopBoard } from '../runtime/loop-board.ts';
import type { AgentCounter } from './agent-counts.ts';
import type { AgentOptions } from './agent-options.ts';
import { type AttemptRegistry, createAttemptRegistry } from './attempts/attempt-registry.ts';
import type { Spool } from './attempts/spool.ts';
import type { Tombstones } from './attempts/tombstones.ts';
import { type ControlLink, createControlLink } from './control-link.ts';
import { countSessions, type SessionCounter } from './counted-sessions.ts';
import type { DataFolder } from './data-folder.ts';
import { createDispatch, type Decline, type Dispatch } from './dispatch.ts';
import type { HubGuard } from './hub-guard.ts';
import type { Identity } from './identity.ts';
import type { LinkState } from './link-state.ts';
import { type Inventories, startInventories } from './orchestrators/inventories.ts';
import { type Admission, startAdmission } from './pressure/admission.ts';
import { noPressureLimits } from './pressure/admission-limits.ts';
import { createProbes, type Probes } from './probes/probes.ts';
import { type ReportLoop, startReportLoop } from './report-loop.ts';
import { createStatusNews, type StatusNews } from './status-news.ts';
import { createSyncClients, type SyncClients } from './sync-clients.ts';

/** What an agent is made of once it has its folder and its identity. */
export interface AgentParts {
  readonly identity: Identity;
  readonly spool: Spool;
  readonly attempts: AttemptRegistry;
  readonly admission: Admission;
  readonly dispatch: Dispatch;
  readonly clients: SyncClients;
  readonly report: ReportLoop;
  readonly news: StatusNews;
  /** Null: it runs none. */
  readonly probes: Probes | null;
  readonly inventories: Inventories;
  readonly link: ControlLink;
  readonly sessionLoop: Loop;
}

export interface AgentPartsOptions {
  readonly options: AgentOptions;
  readonly logger: Logger;
  readonly folder: DataFolder;
  readonly bootId: string;
  readonly identity: Identity;
  readonly spool: Spool;
  readonly tombstones: Tombstones;
  readonly guard: HubGuard;
  readonly counter: AgentCounter;
  readonly refuse: (offer: Offer) => Decline | null;
  readonly health: () => AgentReport['health'];
  readonly onDesired: (desired: AgentDesired) => void;
  readonly onLink: (state: LinkState) => void;
  readonly onAttempt: (attempt: string) => void;
}

const noFacts: Pick<Probes, 'statuses'> = { statuses: { list: async () => [], get: async () => null } };

/**
 * Puts the parts together. Nothing runs yet but the report's timers: the owner recovers the attempts, then runs the link.
 * They know each other through what they are given here, and only through that.
 */
export function createAgentParts(given: AgentPartsOptions): AgentParts {
  const { options, logger, identity, spool, tombstones } = given;
  const { clock, random, catalog, executors, limits, fileSystem } = options;
  const sessionLoop = openSessionLoop(options.loops, given.counter);
  const counting = { counter: watchSessions(sessionLoop, given.counter), clock };
  const link = createControlLink({
    ways: options.ways.map((way) => ({ ...way, session: countSessions(way.session, counting) })),
    credential: identity.credential,
    agentId: identity.id,
    hello: () => ({
      version: options.version,
      bootId: given.bootId,
      protocols: [protocolVersion],
      attempts: attempts.list().length,
      seen: given.guard.seen,
    }),
    guard: given.guard,
    router: {
      receive: (event) => {
        given.counter.heard();
        clients.router.receive(event);
      },
      serve: (publish, signal) => clients.router.serve(publish, signal),
    },
    onChange: (state) => {
      given.onLink(state);
      report.changed();
    },
    onTrusted: () => clients.jobs.forgetSpecs(),
    clock,
    random,
    logger,
    limits: limits.link,
    loops: options.loops,
  });
  const news = createStatusNews({ clock, publish: (attempt) => clients.jobs.publishStatus(attempt) });
  const attempts = createAttemptRegistry(
    {
      ...options,
      fs: fileSystem,
      folder: given.folder,
      logger,
      agent: () => ({ name: identity.name, labels: options.labels }),
      spool,
      tombstones,
      sessions: {
        credential: identity.credential,
        gate: link.gate,
      },
      limits: limits.attempt,
    },
    {
      changed: (attempt) => {
        given.counter.attemptChanged(attempt, attempts.get(attempt)?.state ?? null);
        news.changed(attempt);
        report.changed();
        given.onAttempt(attempt);
      },
      lost: (attempt) => dispatch.lost(attempt),
      accepted: (outcome, gaps) => given.counter.accepted(outcome, gaps),
    },
  );
  const admission = startAdmission({
    ...options,
    spool,
    // Who was started for one job has no other agent to leave it to.
    limits: options.mode.type === 'once' ? { ...limits.admission, pressure: noPressureLimits } : limits.admission,
    logger,
    onChange: () => report.changed(),
  });
  const dispatch = createDispatch({
    attempts,
    tombstones,
    catalog,
    executors,
    spool,
    slots: options.slots,
    isDistrusted: () => link.state.type === 'distrusted',
    refuse: (offer) => given.refuse(offer) ?? admission.refuse(),
    logger,
    counter: given.counter,
    loops: options.loops,
  });
  const report = startReportLoop({
    ...options,
    agentId: identity.id,
    bootId: given.bootId,
    transport: () => (link.ways.find(({ state }) => state === 'used') ?? link.ways[0])?.transport ?? '',
    slots: () => dispatch.slots,
    health: given.health,
    admission: () => admission.current,
    key: () => identity.keys.told,
    clusters: () => inventories.clusters.map(({ known: _, ...cluster }) => cluster),
    publish: () => clients.agents.publishStatus(identity.id),
  });
  const { probeRunner, mode } = options;
  const probes =
    probeRunner === null || mode.type === 'once'
      ? null
      : createProbes({
          agent: { id: identity.id, name: identity.name, labels: options.labels },
          folder: given.folder.probes,
          environment: options.environment,
          fileSystem,
          catalog,
          runner: probeRunner,
          clock,
          random,
          logger,
          loops: options.loops,
          publish: (probe) => clients.facts.publishStatus(probe),
          changed: () => report.changed(),
        });
  const inventories = startInventories({
    start: mode.type === 'once' ? [] : options.orchestrators,
    nodes: {
      publishStatus: (id) => clients.nodes.publishStatus(id),
      retractStatus: (id) => clients.nodes.retractStatus(id),
    },
    apps: {
      publishStatus: (id) => clients.apps.publishStatus(id),
      retractStatus: (id) => clients.apps.retractStatus(id),
    },
    onChange: () => report.changed(),
    clock,
  });
  const clients = createSyncClients({
    agentId: identity.id,
    jobs: dispatch,
    agents: {
      statuses: report.statuses,
      handler: {
        apply: async (entry) => {
          if (entry.type === 'deleted') return;
          given.onDesired(entry.spec);
          report.changed();
          if (await identity.keys.wish(entry.spec.replaceKey)) report.changed();
        },
      },
    },
    facts: probes ?? noFacts,
    nodes: { statuses: inventories.nodes },
    apps: { statuses: inventories.apps },
    clock,
    random,
    logger,
    onResynced: (tookMs) => given.counter.resynced(tookMs),
  });
  return {
    identity,
    spool,
    attempts,
    admission,
    dispatch,
    clients,
    report,
    news,
    probes,
    inventories,
    link,
    sessionLoop,
  };
}

/** All sessions together have one place on the board. */
function openSessionLoop(loops: LoopBoard, counter: AgentCounter): Loop {
  return loops.open('sessions', {
    words: () => {
      const { open, unacknowledgedBytes } = counter.counts.sessions;
      return `${open} are open, ${unacknowledgedBytes} bytes are on their way`;
    },
  });
}

/** The counter, which tells the loop too. */
function watchSessions(loop: Loop, counter: AgentCounter): SessionCounter {
  return {
    sessionOpened: () => counter.sessionOpened(),
    sessionFailed(error) {
      loop.failed(error);
      counter.sessionFailed(error);
    },
    sessionEnded(tookMs) {
      loop.turned();
      counter.sessionEnded(tookMs);
    },
    logSent: (bytes) => counter.logSent(bytes),
    inFlightChanged: (byBytes) => counter.inFlightChanged(byBytes),
  };
}
