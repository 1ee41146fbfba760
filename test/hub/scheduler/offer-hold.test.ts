import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fleet } from '../../../hub/fleet/fleet.ts';
import { gatherMs, OfferHold } from '../../../hub/scheduler/offer-hold.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../../hub/store/store.ts';
import type { SeenStore } from '../../../protocol/seen-store.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { createScene } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { until } from '../../support/until.ts';

checkLeaks();

/** A store with an agent of the hub's own account and one of another, and a hold that has begun on it. */
async function createBench() {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-hold-'));
  const clock = createVirtualClock();
  const store = await openSqliteStore({ folder, clock, logger: silentLogger, random: systemRandom });
  const scene = createScene(store);
  const own = await scene.agent('a1');
  const other = await scene.agent('b1', { account: 'tenant' });
  const disposables = new AsyncDisposableStack();
  disposables.defer(() => rm(folder, { recursive: true }));
  disposables.use(store);

  /** As a hub that starts: what was in memory is gone. */
  async function begin() {
    const fleet = new Fleet(clock);
    for (const agent of await store.queries.allAgents()) fleet.put(agent);
    const hold = new OfferHold({ store, fleet, clock, logger: silentLogger });
    let releases = 0;
    hold.onReleased(() => {
      releases += 1;
    });
    const following = store.subscribe((changes) => {
      for (const { type } of changes) if (type === 'agent') hold.agentChanged();
    });
    disposables.use(following);
    disposables.use(hold);
    await hold.begin();
    const greet = (agent: typeof own, seen: Partial<SeenStore> | null) =>
      hold.greeted(agent, {
        seen: seen === null ? null : { ...placeOf(store), leaseEpoch: 1, ...seen },
        leaseEpoch: 2,
        commits: store.commits(),
      });
    return { hold, greet, releases: () => releases };
  }

  return {
    store,
    scene,
    clock,
    own,
    other,
    begin,
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

function placeOf(store: Store) {
  return { storeId: store.storeId, startId: store.startId, commits: store.commits() };
}

describe('a hub that has started', () => {
  it('offers the jobs of an account once all who serve it are back', async () => {
    await using bench = await createBench();
    const { hold, greet, releases } = await bench.begin();
    const before = [hold.reasonFor('default'), hold.reasonFor('tenant')];

    await greet(bench.own, {});
    const between = [hold.reasonFor('default'), hold.reasonFor('tenant')];
    const [released, revision] = [releases(), hold.revision];
    await greet(bench.other, null);

    assert.deepEqual(before, ['hub-starting', 'hub-starting']);
    assert.deepEqual(between, [null, 'hub-starting']);
    assert.deepEqual([hold.reasonFor('default'), hold.reasonFor('tenant')], [null, null]);
    assert.equal(releases(), released + 1);
    assert.notEqual(hold.revision, revision);
    assert.equal(hold.problem, null);
  });

  it('waits no longer than a while', async () => {
    await using bench = await createBench();
    await bench.scene.apply('renew-leases', {
      owner: 'hub-1',
      leases: [{ agentId: bench.other.id, epoch: 1 }],
      expiresAt: bench.scene.now() + 600_000,
    });
    const { hold } = await bench.begin();
    await bench.clock.advance(gatherMs - 1);
    const early = hold.reasonFor('default');
    await bench.clock.advance(1);

    assert.equal(early, 'hub-starting');
    assert.equal(hold.reasonFor('default'), null);
  });

  it('waits for every agent of an account', async () => {
    await using bench = await createBench();
    const second = await bench.scene.agent('a2');
    const { hold, greet } = await bench.begin();

    await greet(bench.own, {});
    const between = hold.reasonFor('default');
    await greet(second, {});

    assert.deepEqual([between, hold.reasonFor('default')], ['hub-starting', null]);
  });

  it('waits for no agent that had been gone when another was still there', async () => {
    await using bench = await createBench();
    const at = bench.scene.now() + 120_000;
    const leases = [{ agentId: bench.own.id, epoch: 1 }];
    await bench.store.apply('renew-leases', { owner: 'hub-1', leases, expiresAt: at + 30_000, at });
    const { hold, greet } = await bench.begin();
    const before = [hold.reasonFor('default'), hold.reasonFor('tenant')];

    await greet(bench.own, {});

    assert.deepEqual(before, ['hub-starting', 'hub-starting']);
    assert.deepEqual([hold.reasonFor('default'), hold.reasonFor('tenant')], [null, null]);
  });

  it('waits for nobody where nobody was', async () => {
    const fleet = new Fleet(createVirtualClock());
    await using bench = await createBench();
    using hold = new OfferHold({ store: bench.store, fleet, clock: bench.clock, logger: silentLogger });
    const before = hold.reasonFor('default');

    await hold.begin();

    assert.equal(before, 'hub-starting');
    assert.equal(hold.reasonFor('default'), null);
  });
});

describe('a hub whose store is an older copy', () => {
  for (const [what, seen] of Object.entries({
    'a start that it never had': () => ({ startId: systemRandom.uuid(), commits: 0 }),
    'more commits of a start than it has': (store: Store) => ({ commits: store.commits() + 1 }),
    'more commits, and no start': (store: Store) => ({ startId: null, commits: store.commits() + 1 }),
    'a lease that it did not give': () => ({ leaseEpoch: 2 }),
  })) {
    it(`holds jobs when an agent has seen ${what}`, async () => {
      await using bench = await createBench();
      const { hold, greet } = await bench.begin();
      await greet(bench.other, {});

      await greet(bench.own, seen(bench.store));

      assert.deepEqual([hold.reasonFor('default'), hold.reasonFor('tenant')], ['store-behind', 'store-behind']);
      assert.match(hold.problem ?? '', /farhand trust-store/);
    });
  }

  it('answers how many commits the start has had that the agent names', async () => {
    await using bench = await createBench();
    const { greet } = await bench.begin();
    const commits = bench.store.commits();

    assert.equal(await greet(bench.own, {}), commits);
    assert.equal(await greet(bench.own, { startId: systemRandom.uuid() }), null);
    assert.equal(await greet(bench.own, { storeId: systemRandom.uuid() }), null);
    assert.equal(await greet(bench.own, null), null);
  });

  it('hears nothing in what an agent says of another store', async () => {
    await using bench = await createBench();
    const { hold, greet } = await bench.begin();

    await greet(bench.own, { storeId: systemRandom.uuid(), commits: 1_000 });

    assert.equal(hold.reasonFor('default'), null);
  });

  it("lets an agent hold up the jobs of nobody but its own account's", async () => {
    await using bench = await createBench();
    const { hold, greet } = await bench.begin();
    await greet(bench.own, {});

    await greet(bench.other, { startId: systemRandom.uuid() });

    assert.deepEqual([hold.reasonFor('default'), hold.reasonFor('tenant')], [null, 'store-behind']);
  });

  it('goes on when the agent says otherwise, and not for a start in between', async () => {
    await using bench = await createBench();
    const first = await bench.begin();
    await first.greet(bench.own, { startId: systemRandom.uuid() });

    const { hold, greet } = await bench.begin();
    const held = hold.reasonFor('default');
    await greet(bench.own, {});

    assert.equal(held, 'store-behind');
    assert.equal(hold.reasonFor('default'), null);
  });

  it('goes on when somebody trusts the store, also when another agent tells of the same start', async () => {
    await using bench = await createBench();
    const { hold, greet } = await bench.begin();
    const startId = systemRandom.uuid();
    await greet(bench.own, { startId });

    await bench.scene.apply('trust-store', { actor: 'token:t1' });
    await until('the hold to end', async () => hold.problem === null);
    await greet(bench.other, { startId, commits: 1_000 });

    assert.deepEqual([hold.reasonFor('default'), hold.reasonFor('tenant')], [null, null]);
  });
});
