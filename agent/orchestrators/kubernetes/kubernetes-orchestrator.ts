import { isDeepStrictEqual } from 'node:util';
import type { AppReport } from '../../../protocol/app.ts';
import type { InventoryState } from '../../../protocol/cluster.ts';
import type { NodeReport } from '../../../protocol/node.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { LoopBoard } from '../../../runtime/loop-board.ts';
import type { Random } from '../../../runtime/random.ts';
import { type ApiResource, apiResources } from '../../kubernetes/api-resource.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { KubernetesObject } from '../../kubernetes/kubernetes-object.ts';
import {
  type ListWatch,
  type ListWatchLimits,
  type ListWatchState,
  startListWatch,
} from '../../kubernetes/list-watch.ts';
import type { ObjectChange } from '../../kubernetes/watched-objects.ts';
import type { Inventory, Orchestrator, OrchestratorListener, StartOrchestrator } from '../orchestrator.ts';
import type { AppKind } from './app-counts.ts';
import { toAppReport } from './to-app-report.ts';
import { toNodeReport } from './to-node-report.ts';

export interface KubernetesOrchestratorOptions {
  readonly client: Pick<KubernetesClient, 'listPages' | 'watch' | 'version'>;
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly loops: LoopBoard;
  readonly limits?: ListWatchLimits;
}

const appCollections = [
  [apiResources.deployments, 'deployment'],
  [apiResources.statefulsets, 'statefulset'],
  [apiResources.daemonsets, 'daemonset'],
] as const satisfies readonly (readonly [ApiResource, AppKind])[];

/** Nodes, Deployments, StatefulSets and DaemonSets of a Kubernetes cluster, each from a list-watch of its own. */
export function createKubernetesOrchestrator(options: KubernetesOrchestratorOptions): StartOrchestrator {
  return (listener) => new KubernetesOrchestrator(options, listener);
}

class KubernetesOrchestrator implements Orchestrator {
  readonly type = 'kubernetes';
  readonly cluster: string;
  readonly #options: KubernetesOrchestratorOptions;
  readonly #listener: OrchestratorListener;
  readonly #stop = new AbortController();
  readonly #nodeItems = new Map<string, NodeReport>();
  readonly #appItems = new Map<string, AppReport>();
  readonly #nodeWatch: ListWatch<NodeReport>;
  readonly #appWatches: readonly ListWatch<AppReport>[];
  #version: string | null = null;
  #told: object | null = null;
  /** Under way; one at a time. */
  #asking: Promise<void> | null = null;

  constructor(options: KubernetesOrchestratorOptions, listener: OrchestratorListener) {
    this.#options = options;
    this.#listener = listener;
    this.cluster = options.cluster;
    const { cluster } = options;
    this.#nodeWatch = this.#follow<NodeReport>(apiResources.nodes, {
      select: (object) => toNodeReport(object, cluster),
      toId: (key) => `${cluster}/${key}`,
      items: this.#nodeItems,
      changed: (id) => listener.nodeChanged(id),
    });
    this.#appWatches = appCollections.map(([resource, kind]) =>
      this.#follow<AppReport>(resource, {
        select: (object) => toAppReport(object, kind, cluster),
        toId: (key) => `${cluster}/${key.replace('/', `/${kind}/`)}`,
        items: this.#appItems,
        changed: (id) => listener.appChanged(id),
      }),
    );
  }

  get version(): string | null {
    return this.#version;
  }

  get nodes(): Inventory<NodeReport> {
    return toInventory([this.#nodeWatch], this.#nodeItems);
  }

  get apps(): Inventory<AppReport> {
    return toInventory(this.#appWatches, this.#appItems);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#nodeWatch, ...this.#appWatches].map((watch) => watch[Symbol.asyncDispose]()));
    await this.#asking;
  }

  #follow<Item extends { readonly id: string }>(
    resource: ApiResource,
    how: {
      readonly select: (object: KubernetesObject) => Item;
      /** Of what is gone, where only the key is left. */
      readonly toId: (key: string) => string;
      readonly items: Map<string, Item>;
      readonly changed: (id: string) => void;
    },
  ): ListWatch<Item> {
    return startListWatch<Item>({
      ...this.#options,
      collection: { resource, namespace: null },
      select: how.select,
      isSame: isDeepStrictEqual,
      onChange(change: ObjectChange<Item>) {
        const id = how.toId(change.key);
        if (change.type === 'deleted') how.items.delete(id);
        else how.items.set(id, change.value);
        how.changed(id);
      },
      onState: (state) => this.#stateChanged(state),
    });
  }

  #stateChanged({ type }: ListWatchState): void {
    if (this.#stop.signal.aborted) return;
    // A server that is back may be another.
    if (type === 'current') {
      this.#asking ??= this.#askVersion().finally(() => {
        this.#asking = null;
      });
    }
    this.#tell();
  }

  /** Each failure of each retry is heard here; only what is another is told. */
  #tell(): void {
    const now = { version: this.#version, nodes: this.nodes.state, apps: this.apps.state };
    if (isDeepStrictEqual(now, this.#told)) return;
    this.#told = now;
    this.#listener.clusterChanged();
  }

  /** Comes to nothing where the server is gone again: the next time it is there it is asked again. */
  async #askVersion(): Promise<void> {
    try {
      const version = await this.#options.client.version({ signal: this.#stop.signal });
      if (version === this.#version) return;
      this.#version = version;
      this.#tell();
    } catch (err) {
      this.#options.logger.debug({ err }, 'version of the cluster not known');
    }
  }
}

function toInventory<Item>(watches: readonly ListWatch<Item>[], items: ReadonlyMap<string, Item>): Inventory<Item> {
  const heard = watches.flatMap(({ counts }) => (counts.lastHeardAt === null ? [] : [counts.lastHeardAt]));
  return {
    state: toState(watches.map(({ state }) => state)),
    items,
    counts: {
      lists: watches.reduce((sum, { counts }) => sum + counts.lists, 0),
      lastHeardAt: heard.length === 0 ? null : Math.max(...heard),
    },
  };
}

/** Of several collections that are one inventory: as the one that is known least. */
function toState(states: readonly ListWatchState[]): InventoryState {
  const worst = (['beginning', 'stale', 'current'] as const).find((type) =>
    states.some((state) => state.type === type),
  );
  const those = states.filter((state) => state.type === worst);
  const since = new Date(Math.min(...those.map((state) => state.since))).toISOString();
  const messages = states.flatMap((state) => ('error' in state && state.error !== null ? [state.error.message] : []));
  return {
    state: worst ?? 'beginning',
    since,
    message: messages.length === 0 ? null : [...new Set(messages)].join('; ').slice(0, 1024),
  };
}
