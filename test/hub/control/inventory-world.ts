import { InventoryLink } from '../../../hub/control/inventory-link.ts';
import { createInventoryKinds } from '../../../hub/control/inventory-resource.ts';
import { InventoryWriter } from '../../../hub/control/inventory-writer.ts';
import { inventoryAllowance, NewsBudget } from '../../../hub/control/news-budget.ts';
import type { InventoryList } from '../../../hub/store/inventory.ts';
import type { Store } from '../../../hub/store/store.ts';
import { StoreError } from '../../../hub/store/store-error.ts';
import type { AppReport } from '../../../protocol/app.ts';
import type { CloudEvent } from '../../../protocol/cloud-event.ts';
import type { NodeReport } from '../../../protocol/node.ts';
import { appsResource, nodesResource } from '../../../protocol/resources.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { createAgentClient } from '../../../sync/agent-client.ts';
import { createEventRouter } from '../../../sync/event-router.ts';
import { createJsonCodec } from '../../../sync/resource-codec.ts';
import { createSequenceIds } from '../../../sync/sequence-ids.ts';
import { createSyncCounters } from '../../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../../sync/sync-options.ts';
import { turn } from '../../support/turns.ts';
import { connect, delivered, type FaultyLink } from '../../sync/faulty-link.ts';
import { createTestRandom } from '../../sync/world.ts';
import { createSchedulerBench } from '../scheduler/scheduler-bench.ts';

export interface InventoryAgent {
  readonly id: string;
  /** What it knows. Null: it has not listed its cluster yet. */
  nodes: Map<string, NodeReport> | null;
  readonly apps: Map<string, AppReport>;
  readonly nodesClient: ReturnType<typeof createAgentClient>;
  readonly appsClient: ReturnType<typeof createAgentClient>;
  readonly inventory: InventoryLink;
  readonly events: FaultyLink['events'];
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** Sends the hub something that a well-behaved client would not. */
  inject(event: CloudEvent): void;
}

/** A store, the hub's end of what agents tell of their clusters, and agents; links carry real bytes under a clock that the test drives. */
export async function createInventoryWorld(
  allowance: { readonly atOnce: number; readonly refillEveryMs: number } = inventoryAllowance,
) {
  const opened = new AsyncDisposableStack();
  const bench = opened.use(await createSchedulerBench());
  const { clock } = bench;
  const { store } = bench;
  let isFull = false;
  const agents: InventoryAgent[] = [];
  const kinds = createInventoryKinds();
  const counters = createSyncCounters();
  const random = createTestRandom();
  const budget = new NewsBudget({ clock, ...allowance });
  const watched: Store = {
    ...store,
    apply: (name, input) =>
      isFull ? Promise.reject(new StoreError('full', 'no room left')) : store.apply(name, input),
  };
  const writer = opened.use(
    new InventoryWriter({ store: watched, budget, clock, logger: silentLogger, loops: createLoopBoard(clock) }),
  );

  return {
    bench,
    clock,
    kinds,
    writer,
    counts: counters.counts,
    /** From here on the store has no room, until the function that is returned is called. */
    failStore() {
      isFull = true;
      return () => void (isFull = false);
    },
    async names(list: InventoryList): Promise<readonly unknown[]> {
      const filter = { agent: null, cluster: null, namespace: null, kinds: [], states: [], namePrefix: '', labels: [] };
      const { items } = await bench.store.queries.inventory('default', list, { filter, limit: 100_000, cursor: null });
      return items.map(({ report }) => report['name']);
    },
    async agent(name: string): Promise<InventoryAgent> {
      const { id } = await bench.agent(name);
      const common = { cluster: id, clock, random, logger: silentLogger, counters, options: defaultSyncOptions };
      const own = {
        ...common,
        source: id,
        originalSource: '',
        handler: { apply: async () => {} },
        sequenceIds: createSequenceIds(clock),
      };
      let link: FaultyLink | null = null;
      let over = new AbortController();
      let receive: (event: CloudEvent) => void = () => {};
      const createLink = () =>
        new InventoryLink({
          common: { ...common, source: 'hub' },
          kinds,
          writer,
          store: watched,
          link: over,
        });
      let inventory = createLink();
      const agent: InventoryAgent = {
        id,
        nodes: new Map(),
        apps: new Map(),
        nodesClient: createAgentClient({
          ...own,
          codec: createJsonCodec(nodesResource),
          statuses: {
            list: async () => {
              if (agent.nodes === null) throw new Error('not listed yet');
              return [...agent.nodes.values()].map((status) => ({ id: status.id, status }));
            },
            get: async (node: string) => agent.nodes?.get(node) ?? null,
          },
        }),
        appsClient: createAgentClient({
          ...own,
          codec: createJsonCodec(appsResource),
          statuses: {
            list: async () => [...agent.apps.values()].map((status) => ({ id: status.id, status })),
            get: async (app: string) => agent.apps.get(app) ?? null,
          },
        }),
        get inventory() {
          return inventory;
        },
        get events() {
          return link?.events ?? [];
        },
        inject: (event: CloudEvent) => receive(event),
        async connect() {
          await agent.disconnect();
          over = new AbortController();
          inventory = createLink();
          const source = createEventRouter({ ...common, clients: inventory.clients });
          receive = (event) => source.receive(event);
          const clients = [agent.nodesClient, agent.appsClient];
          link = connect({ source, agent: createEventRouter({ ...common, clients }), clock, decide: () => delivered });
          await inventory.begin();
        },
        async disconnect() {
          if (link === null) return;
          over.abort();
          await link[Symbol.asyncDispose]();
          link = null;
          await Promise.all(inventory.clients.map((client) => client[Symbol.asyncDispose]()));
        },
      };
      agents.push(agent);
      opened.defer(async () => {
        await agent.disconnect();
        await Promise.all([agent.nodesClient, agent.appsClient].map((client) => client[Symbol.asyncDispose]()));
      });
      return agent;
    },
    /** Lets what is under way arrive and be stored: less than a minute passes, so that no round begins. */
    async settle(): Promise<void> {
      const progress = () => agents.reduce((sum, { events }) => sum + events.length, store.commits());
      for (let quiet = 0, before = progress(); quiet < 8; ) {
        await clock.advance(5);
        for (let turns = 0; turns < 8; turns++) await turn();
        const now = progress();
        quiet = now === before ? quiet + 1 : 0;
        before = now;
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
