import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createInventoryKinds, createInventorySink } from '../../../hub/control/inventory-resource.ts';
import { InventoryWriter } from '../../../hub/control/inventory-writer.ts';
import { NewsBudget } from '../../../hub/control/news-budget.ts';
import type { InventoryChange } from '../../../hub/store/inventory.ts';
import type { Store } from '../../../hub/store/store.ts';
import { StoreError } from '../../../hub/store/store-error.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { sampleApp } from '../../support/sample-inventory.ts';
import { createSchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

const mib = 1024 * 1024;

function changeOf(name: string): InventoryChange {
  const { id: resourceId, cluster, namespace, kind, state, labels, ...report } = sampleApp(name);
  const item = { resourceId, cluster, namespace, kind, name, state, labels, report, hash: name, shape: 's' };
  return { type: 'put', list: 'apps', item };
}

/** A writer whose store takes batches while `gate` lets it, and tells whose they were. */
async function createPlace(atOnce = 1_000) {
  const opened = new AsyncDisposableStack();
  const bench = opened.use(await createSchedulerBench());
  const { clock } = bench;
  const stored: string[] = [];
  const place = { gate: Promise.resolve(), failure: null as Error | null };
  const names = new Map<string, string>();
  const store: Store = {
    ...bench.store,
    async apply(name, input) {
      await place.gate;
      if (place.failure !== null) throw place.failure;
      const answer = await bench.store.apply(name, input);
      if ('changes' in input && 'agentId' in input) stored.push(names.get(input.agentId) ?? '?');
      return answer;
    },
  };
  const budget = new NewsBudget({ clock, atOnce, refillEveryMs: 1_000 });
  const loops = createLoopBoard(clock);
  const writer = opened.use(new InventoryWriter({ store, budget, clock, logger: silentLogger, loops }));
  return {
    bench,
    store,
    writer,
    stored,
    place,
    /** From here on the store takes nothing, until the function that is returned is called. */
    hold(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      place.gate = promise;
      return resolve;
    },
    async agent(name: string) {
      const { id } = await bench.agent(name);
      names.set(id, name);
      const link = new AbortController();
      const write = (change: InventoryChange, bytes = 100, by: { readonly signal: AbortSignal } = link) =>
        writer.write(id, change, { bytes, link: by });
      return { id, link, write };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

describe('the writer of nodes and apps', () => {
  it('stores a batch of one agent, then one of the next, however much the first has told', async () => {
    await using place = await createPlace();
    const [loud, calm] = [await place.agent('loud'), await place.agent('calm')];
    const release = place.hold();

    const all = Array.from({ length: 200 }, (_, index) => loud.write(changeOf(`app-${index}`)));
    await place.bench.settle();
    all.push(calm.write(changeOf('calm')));
    release();
    await Promise.all(all);

    assert.deepEqual(place.stored, ['loud', 'loud', 'calm', 'loud', 'loud']);
  });

  it('refuses what is more than may wait, of one agent and of all, and takes it once the rest is stored', async () => {
    await using place = await createPlace();
    const agents = [];
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) agents.push(await place.agent(name));
    const [first, last] = [agents[0], agents[4]];
    assert.ok(first && last);
    const release = place.hold();
    // On its way into the store, so that it waits no more.
    const all = [first.write(changeOf('begun'))];
    await place.bench.settle();

    all.push(first.write(changeOf('much'), 32 * mib));
    await assert.rejects(first.write(changeOf('more'), 1), /too many changes/);
    for (const agent of agents.slice(1, 4)) all.push(agent.write(changeOf('much'), 32 * mib));
    await assert.rejects(last.write(changeOf('more'), 1), /too many changes/);
    release();
    await Promise.all(all);

    await first.write(changeOf('more'), 32 * mib);
    await last.write(changeOf('more'), 32 * mib);
    assert.equal(place.stored.length, 7);
  });

  it('has room again where what waited is dropped with its link', async () => {
    await using place = await createPlace();
    const agent = await place.agent('a1');
    const release = place.hold();
    const begun = agent.write(changeOf('begun'), 100, new AbortController());
    await place.bench.settle();

    for (let count = 0; count < 5; count += 1) {
      const link = new AbortController();
      const dropped = agent.write(changeOf('much'), 32 * mib, link);
      link.abort();
      await dropped;
    }
    const next = agent.write(changeOf('next'), 32 * mib, new AbortController());
    release();
    await Promise.all([begun, next]);

    assert.equal(place.stored.length, 2);
  });

  it('stores at once what an agent tells that had nothing waiting, while another has to wait', async () => {
    await using place = await createPlace(1);
    const [loud, calm] = [await place.agent('loud'), await place.agent('calm')];
    await loud.write(changeOf('first'));
    const waiting = loud.write(changeOf('second'));
    await place.bench.settle();

    await calm.write(changeOf('calm'));

    assert.deepEqual(place.stored, ['loud', 'calm']);
    await place.bench.clock.advance(1_500);
    await waiting;
  });

  it('takes nothing of what an agent may have stored for what is stored already', async () => {
    await using place = await createPlace(2);
    const agent = await place.agent('a1');

    await agent.write(changeOf('first'));
    for (let again = 0; again < 3; again += 1) await agent.write(changeOf('first'));
    await agent.write(changeOf('second'));

    assert.equal(place.stored.length, 5);
  });

  it('tells whoever told what could not be stored for a fault of the hub, and goes on', async () => {
    await using place = await createPlace();
    const agent = await place.agent('a1');
    place.place.failure = new Error('a bug');
    await assert.rejects(agent.write(changeOf('first')), /a bug/);
    place.place.failure = null;

    await agent.write(changeOf('first'));

    assert.deepEqual(place.stored, ['a1']);
  });

  it('asks a store that failed again as long as one of the links stands by which a batch came', async () => {
    await using place = await createPlace();
    const agent = await place.agent('a1');
    const newer = new AbortController();
    place.place.failure = new StoreError('full', 'no room');
    const batch = [agent.write(changeOf('first')), agent.write(changeOf('second'), 100, newer)];
    await place.bench.settle();

    agent.link.abort();
    place.place.failure = null;
    await place.bench.clock.advance(5_000);
    await Promise.all(batch);

    assert.deepEqual(place.stored, ['a1']);
  });

  it('lets a new link know of what an earlier one brought, also while that is being stored', async () => {
    await using place = await createPlace();
    const agent = await place.agent('a1');
    const kind = createInventoryKinds().apps;
    const { store, writer } = place;
    const sinkOf = () => createInventorySink({ kind, store, writer, agentId: agent.id, link: new AbortController() });
    const app = sampleApp('shop');
    const release = place.hold();
    const storing = sinkOf().apply({ id: app.id, version: 0, hash: 'h', status: app });
    await place.bench.settle();

    const held = sinkOf().held();
    await place.bench.settle();
    release();
    await storing;

    assert.deepEqual(await held, [{ id: app.id, value: 'h' }]);
  });
});
