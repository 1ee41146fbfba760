import type { AppReport } from '../../protocol/app.ts';
import type { ClusterReport } from '../../protocol/cluster.ts';
import type { NodeReport } from '../../protocol/node.ts';
import { createSourceClient, type SourceClientOptions } from '../../sync/source-client.ts';
import type { SyncClient } from '../../sync/sync-client.ts';
import type { Store } from '../store/store.ts';
import { noSpecs } from './facts-resource.ts';
import { createInventorySink, type InventoryKind, type InventoryKinds } from './inventory-resource.ts';
import type { InventoryWriter } from './inventory-writer.ts';
import { WakingClient } from './waking-client.ts';

export interface InventoryLinkOptions {
  readonly common: Omit<SourceClientOptions<null, never>, 'codec' | 'specs' | 'sink'>;
  readonly kinds: InventoryKinds;
  readonly store: Store;
  readonly writer: InventoryWriter;
  readonly link: { readonly signal: AbortSignal };
}

/** What one agent tells of the nodes and apps of the clusters that it watches. */
export class InventoryLink {
  readonly #given: InventoryLinkOptions;
  readonly #nodes: WakingClient;
  readonly #apps: WakingClient;
  /** Which lists were known to be current, as the agent last reported. */
  #current = '';

  constructor(given: InventoryLinkOptions) {
    this.#given = given;
    const { kinds } = given;
    this.#nodes = new WakingClient(kinds.nodes.codec.resource, () => this.#createClient(kinds.nodes));
    this.#apps = new WakingClient(kinds.apps.codec.resource, () => this.#createClient(kinds.apps));
  }

  get clients(): readonly SyncClient[] {
    return [this.#nodes, this.#apps];
  }

  /** There is a link: what is stored of the agent is compared with what it knows. */
  async begin(): Promise<void> {
    const { store, common } = this.#given;
    if (await store.queries.hasInventory(common.cluster)) this.#wake();
  }

  /** An agent that has listed a cluster, or watches another, has something to be compared: that need not wait for the next round. */
  reported(clusters: readonly ClusterReport[]): void {
    const current = JSON.stringify(clusters.map(({ name, nodes, apps }) => [name, nodes.state, apps.state]));
    if (current === this.#current || (clusters.length === 0 && this.#current === '')) return;
    this.#current = current;
    this.#wake();
  }

  #wake(): void {
    for (const client of [this.#nodes, this.#apps]) if (client.wake()) client.compare();
  }

  #createClient<Report extends NodeReport | AppReport>(kind: InventoryKind<Report>): SyncClient {
    const { common, store, writer, link } = this.#given;
    const sink = createInventorySink({ kind, store, writer, agentId: common.cluster, link });
    return createSourceClient({ ...common, codec: kind.codec, specs: noSpecs, sink });
  }
}
