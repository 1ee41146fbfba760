import { z } from 'zod';
import { AgentDesired, AgentReport } from './agent-report.ts';
import { AppReport } from './app.ts';
import { resourceTypes } from './event-type.ts';
import { FactsReport } from './facts.ts';
import { NodeReport } from './node.ts';
import { AttemptReport, Offer } from './offer.ts';

/** How our own resources are kept alike on both sides: neither absence nor a deletion means anything, and both compare digests. */
const kept = { deleteUnknown: false, newerStatus: 'apply', digests: true } as const;

/** What an agent says of itself, and what the hub wishes of it. Its id is the agent's. */
export const agentResource = {
  ...kept,
  resource: resourceTypes.agents,
  spec: AgentDesired,
  status: AgentReport,
} as const;

/** One for each attempt: the hub's offer or wish, and how it goes. A process cannot be sent again, so nothing but a wish stops one. */
export const attemptResource = { ...kept, resource: resourceTypes.jobs, spec: Offer, status: AttemptReport } as const;

/** One for each probe of an agent, by the probe's name. The hub wishes nothing of it: there is no spec. */
export const factsResource = { ...kept, resource: resourceTypes.facts, spec: z.null(), status: FactsReport } as const;

/** One for each node of the clusters that an agent watches, by its `id`. What the agent tells of no more is gone. */
export const nodesResource = { ...kept, resource: resourceTypes.nodes, spec: z.null(), status: NodeReport } as const;

/** One for each app of them, likewise. */
export const appsResource = { ...kept, resource: resourceTypes.apps, spec: z.null(), status: AppReport } as const;
