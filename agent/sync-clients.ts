import { AgentDesired, AgentReport } from '../protocol/agent-report.ts';
import type { AppReport } from '../protocol/app.ts';
import { resourceTypes } from '../protocol/event-type.ts';
import type { FactsReport } from '../protocol/facts.ts';
import type { NodeReport } from '../protocol/node.ts';
import { AttemptReport, Offer } from '../protocol/offer.ts';
import { appsResource, factsResource, nodesResource } from '../protocol/resources.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { type AgentClient, createAgentClient } from '../sync/agent-client.ts';
import { createEventRouter, type EventRouter } from '../sync/event-router.ts';
import { createJsonCodec } from '../sync/resource-codec.ts';
import { createSequenceIds } from '../sync/sequence-ids.ts';
import type { SpecHandler } from '../sync/spec-handler.ts';
import type { StatusLister } from '../sync/status-lister.ts';
import { createSyncCounters, type SyncCount } from '../sync/sync-counters.ts';
import { defaultSyncOptions } from '../sync/sync-options.ts';

/** Absence and deletion of an attempt stop nothing, so they do not even reach its handler. */
const traits = { deleteUnknown: false, newerStatus: 'apply', digests: true } as const;

const jobsCodec = createJsonCodec({ ...traits, resource: resourceTypes.jobs, spec: Offer, status: AttemptReport });
const agentsCodec = createJsonCodec({
  ...traits,
  resource: resourceTypes.agents,
  spec: AgentDesired,
  status: AgentReport,
});

const factsCodec = createJsonCodec(factsResource);
const nodesCodec = createJsonCodec(nodesResource);
const appsCodec = createJsonCodec(appsResource);

/** Nothing is wished of what is only told. */
const noSpecs: SpecHandler<null> = { apply: async () => {} };

/** Both sides of what an agent synchronises with its hub. */
export interface SyncClients extends AsyncDisposable {
  readonly jobs: AgentClient;
  readonly agents: AgentClient;
  readonly facts: AgentClient;
  readonly nodes: AgentClient;
  readonly apps: AgentClient;
  readonly router: EventRouter;
  /** Of the events of all of them. */
  readonly counts: Readonly<Record<SyncCount, number>>;
}

export function createSyncClients(options: {
  readonly agentId: string;
  readonly jobs: { readonly handler: SpecHandler<Offer>; readonly statuses: StatusLister<AttemptReport> };
  readonly agents: { readonly handler: SpecHandler<AgentDesired>; readonly statuses: StatusLister<AgentReport> };
  readonly facts: { readonly statuses: StatusLister<FactsReport> };
  readonly nodes: { readonly statuses: StatusLister<NodeReport> };
  readonly apps: { readonly statuses: StatusLister<AppReport> };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The hub has been told of all attempts that it had not heard of when the link began: so long after its hello. */
  readonly onResynced: (tookMs: number) => void;
}): SyncClients {
  const { agentId, clock, random, logger } = options;
  const counters = createSyncCounters();
  /** When the link began; null while there was none, and once the hub's first question about attempts is answered. */
  let begunAt: number | null = null;
  const onAnswered = () => {
    if (begunAt !== null) options.onResynced(clock.monotonic() - begunAt);
    begunAt = null;
  };
  const common = {
    source: agentId,
    cluster: agentId,
    originalSource: '',
    sequenceIds: createSequenceIds(clock),
    clock,
    random,
    logger,
    counters,
    options: defaultSyncOptions,
  };
  const jobs = createAgentClient({ ...common, ...options.jobs, codec: jobsCodec, onAnswered });
  const agents = createAgentClient({
    ...common,
    ...options.agents,
    codec: agentsCodec,
  });
  const toldOnly = { ...common, handler: noSpecs };
  const facts = createAgentClient({ ...toldOnly, statuses: options.facts.statuses, codec: factsCodec });
  const nodes = createAgentClient({ ...toldOnly, statuses: options.nodes.statuses, codec: nodesCodec });
  const apps = createAgentClient({ ...toldOnly, statuses: options.apps.statuses, codec: appsCodec });
  const clients = [agents, jobs, facts, nodes, apps];
  const router = createEventRouter({ ...common, clients });
  return {
    jobs,
    agents,
    facts,
    nodes,
    apps,
    counts: counters.counts,
    router: {
      receive: (event) => router.receive(event),
      serve(publish, signal) {
        begunAt = clock.monotonic();
        return router.serve(publish, signal);
      },
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    },
  };
}
