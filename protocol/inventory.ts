import { z } from 'zod';
import { AppReport, appKinds, appStates } from './app.ts';
import { clusterTypes, InventoryId } from './cluster.ts';
import { Id, Name, Timestamp } from './names.ts';
import { NodeReport, nodeStates } from './node.ts';

const stalenessReasons = ['agent-offline', 'cluster-unreachable', 'not-listed', 'not-watched'] as const;

/**
 * Why what is shown may not be so any more, and since when. `agent-offline`: its agent has no connection to the hub. `cluster-unreachable`: the agent
 * has none to the cluster, or may not look. `not-listed`: the agent has started, and has not looked yet. `not-watched`: the agent watches that cluster
 * no more, or has not said yet that it does.
 */
export const Staleness = z.object({
  reason: z.enum(stalenessReasons),
  /** Null where nobody knows. */
  since: Timestamp.nullable(),
  /** In the agent's words; null where it says nothing. */
  message: z.string().nullable(),
});
export type Staleness = Readonly<z.infer<typeof Staleness>>;

/** What the hub adds to what an agent tells of a node or an app. */
const known = {
  /** Of the hub: the same for as long as the agent and the reference are. */
  id: Id,
  /** What the agent calls it: its cluster, and its name there. */
  reference: InventoryId,
  type: z.enum(clusterTypes),
  /** Name of the agent that tells of it. */
  agent: Name,
  /** When the hub heard of it first, and when it became what it is. */
  firstSeenAt: Timestamp,
  changedAt: Timestamp,
  /** Null: it is so now, as far as the agent can see. */
  stale: Staleness.nullable(),
};

/** A machine of a cluster as the API shows it. */
export const Node = NodeReport.omit({ id: true }).extend({ ...known, state: z.enum(nodeStates) });
export type Node = Readonly<z.infer<typeof Node>>;

/** Something that runs in so many instances on the nodes of a cluster, as the API shows it. */
export const App = AppReport.omit({ id: true }).extend({ ...known, kind: z.enum(appKinds), state: z.enum(appStates) });
export type App = Readonly<z.infer<typeof App>>;
