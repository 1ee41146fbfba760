import type { AppReport } from '../../protocol/app.ts';
import type { ClusterReport } from '../../protocol/cluster.ts';
import type { NodeReport } from '../../protocol/node.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { StatusLister } from '../../sync/status-lister.ts';
import type { Inventory, Orchestrator, StartOrchestrator } from './orchestrator.ts';
import { type InventoryPublisher, ToldInventory } from './told-inventory.ts';

/** How many there are, and how they came to be known. */
export interface InventoryFigures {
  readonly items: number;
  readonly lists: number;
  /** ISO 8601; null before. */
  readonly lastHeardAt: string | null;
}

/** A cluster on the agent's own status page. */
export interface ClusterStatus extends ClusterReport {
  readonly known: { readonly nodes: InventoryFigures; readonly apps: InventoryFigures };
}

/** What the agent's orchestrators know, as the hub is told it. */
export interface Inventories extends AsyncDisposable {
  /** Rejects while one of the clusters was not listed whole: what is missing is not gone then. */
  readonly nodes: StatusLister<NodeReport>;
  readonly apps: StatusLister<AppReport>;
  readonly clusters: readonly ClusterStatus[];
  /** A sentence each about what is not followed now. */
  problems(): readonly string[];
}

export function startInventories(options: {
  readonly start: readonly StartOrchestrator[];
  readonly nodes: InventoryPublisher;
  readonly apps: InventoryPublisher;
  /** Of the state of a cluster. */
  readonly onChange: () => void;
  readonly clock: Clock;
}): Inventories {
  const { clock } = options;
  const nodes = new ToldInventory<NodeReport>({ publisher: options.nodes, clock });
  const apps = new ToldInventory<AppReport>({ publisher: options.apps, clock });
  const orchestrators = options.start.map((start) => {
    const orchestrator: Orchestrator = start({
      nodeChanged: (id) => nodes.changed(id),
      appChanged: (id) => apps.changed(id),
      clusterChanged() {
        nodes.look();
        apps.look();
        options.onChange();
      },
    });
    nodes.add(() => orchestrator.nodes);
    apps.add(() => orchestrator.apps);
    return orchestrator;
  });
  return {
    nodes: nodes.statuses,
    apps: apps.statuses,
    get clusters() {
      return orchestrators.map(toStatus);
    },
    problems: () => orchestrators.flatMap(toProblems),
    async [Symbol.asyncDispose]() {
      await Promise.all(orchestrators.map((each) => each[Symbol.asyncDispose]()));
      nodes[Symbol.dispose]();
      apps[Symbol.dispose]();
    },
  };
}

function toStatus({ cluster, type, version, nodes, apps }: Orchestrator): ClusterStatus {
  const known = { nodes: toFigures(nodes), apps: toFigures(apps) };
  return { name: cluster, type, version, nodes: nodes.state, apps: apps.state, known };
}

function toFigures({ items, counts }: Inventory<unknown>): InventoryFigures {
  const { lists, lastHeardAt } = counts;
  return { items: items.size, lists, lastHeardAt: lastHeardAt === null ? null : new Date(lastHeardAt).toISOString() };
}

function toProblems({ cluster, nodes, apps }: Orchestrator): readonly string[] {
  return Object.entries({ nodes, apps }).flatMap(([what, { state }]) => {
    if (state.message === null) return [];
    const how = state.state === 'stale' ? `as they were at ${state.since}` : 'not known';
    return [`${what} of the cluster ${cluster} are ${how}: ${state.message}`];
  });
}
