import type { AppReport } from '../../protocol/app.ts';
import type { ClusterReport, ClusterType, InventoryState } from '../../protocol/cluster.ts';
import type { NodeReport } from '../../protocol/node.ts';

/** The nodes, or the apps, of a cluster as far as they are known, by their ids. */
export interface Inventory<Item> {
  /** `beginning`: what is in `items` is not all there is, and nothing may be concluded from what is not. */
  readonly state: InventoryState;
  readonly items: ReadonlyMap<string, Item>;
  /** Lists that were read whole, and when the cluster last said anything: wall time in milliseconds, null before. */
  readonly counts: { readonly lists: number; readonly lastHeardAt: number | null };
}

/** Whom an orchestrator tells. Each call only says that something is another: what it is now is asked. Must not throw. */
export interface OrchestratorListener {
  /** There, another, or gone: the inventory says which. Nothing is told that looks the same. */
  nodeChanged(id: string): void;
  appChanged(id: string): void;
  /** A state of the inventory, or the version. */
  clusterChanged(): void;
}

/**
 * A cluster manager that is watched: which machines it has, and what runs on them. It asks for itself, goes on through whatever befalls the cluster, and
 * never writes. A cluster that cannot be reached has the items that it had, and says so in the state.
 */
export interface Orchestrator extends AsyncDisposable {
  /** First part of all ids. */
  readonly cluster: ClusterReport['name'];
  readonly type: ClusterType;
  /** Null until it told. */
  readonly version: string | null;
  readonly nodes: Inventory<NodeReport>;
  readonly apps: Inventory<AppReport>;
}

/** How one is begun, for an agent that has somebody to tell. */
export type StartOrchestrator = (listener: OrchestratorListener) => Orchestrator;
