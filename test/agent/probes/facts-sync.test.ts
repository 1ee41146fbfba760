import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createToldFacts } from '../../../agent/probes/told-facts.ts';
import { FactsBudget } from '../../../hub/control/facts-budget.ts';
import { createFactsSink, factsCodec, noSpecs } from '../../../hub/control/facts-resource.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import type { FactsReport } from '../../../protocol/facts.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { createAgentClient } from '../../../sync/agent-client.ts';
import { createEventRouter } from '../../../sync/event-router.ts';
import { createSequenceIds } from '../../../sync/sequence-ids.ts';
import { createSourceClient } from '../../../sync/source-client.ts';
import { createSyncCounters } from '../../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../../sync/sync-options.ts';
import { createScene } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { turn } from '../../support/turns.ts';
import { connect, delivered, type Fate, type FaultyLink } from '../../sync/faulty-link.ts';
import { createTestRandom } from '../../sync/world.ts';

checkLeaks();

const periodMs = defaultSyncOptions.periodMs;

/** What agents tell of their facts, over a link that loses what the test wants, into a real store. */
async function createWorld() {
  const opened = new AsyncDisposableStack();
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), 'farhand-facts-')));
  const clock = createVirtualClock();
  const store = opened.use(
    await openSqliteStore({ folder: folder.path, clock, logger: silentLogger, random: systemRandom }),
  );
  const { id: agentId } = await createScene(store).agent();
  const counters = createSyncCounters();
  const random = createTestRandom();
  const common = { cluster: agentId, clock, random, logger: silentLogger, counters, options: defaultSyncOptions };

  // The wall clock of a machine tells whole milliseconds, and the store keeps those.
  const wholeClock = { ...clock, now: () => Math.floor(clock.now()) };
  const budget = new FactsBudget(clock);
  const sink = createFactsSink({ store, agentId, budget, clock: wholeClock, link: new AbortController() });
  const createSource = () =>
    createSourceClient({
      ...common,
      codec: factsCodec,
      source: 'hub',
      specs: noSpecs,
      sink,
    });
  const createAgent = () => {
    const told = createToldFacts({ clock });
    const client = createAgentClient({
      ...common,
      codec: factsCodec,
      source: agentId,
      originalSource: '',
      statuses: told.statuses,
      handler: { apply: async () => {} },
      sequenceIds: createSequenceIds(clock),
    });
    return { told, client };
  };
  let source = createSource();
  let agent = createAgent();
  let link: FaultyLink | null = null;
  let run = 0;

  const settle = async () => {
    for (let turns = 0; turns < 30; turns += 1) await turn();
  };
  const disconnect = async () => {
    await link?.[Symbol.asyncDispose]();
    link = null;
  };
  return {
    get events() {
      return link?.events ?? [];
    },
    sink,
    commits: () => store.commits(),
    async connect(decide: (index: number) => Fate = () => delivered) {
      await disconnect();
      const router = (client: Parameters<typeof createEventRouter>[0]['clients'][number]) =>
        createEventRouter({ ...common, clients: [client] });
      link = connect({
        source: router(source),
        agent: router(agent.client),
        clock,
        decide: (_, index) => decide(index),
      });
    },
    disconnect,
    async restartHub() {
      await disconnect();
      await source[Symbol.asyncDispose]();
      source = createSource();
    },
    async restartAgent() {
      await disconnect();
      await agent.client[Symbol.asyncDispose]();
      agent = createAgent();
    },
    found(probe: string, value: number, change: Partial<FactsReport> = {}) {
      run += 1;
      const report: FactsReport = {
        probe,
        digest: 'a'.repeat(64),
        facts: { value, run },
        collectedAt: new Date(clock.now() + run).toISOString(),
        durationMs: 1,
        volatile: ['/run'],
        error: null,
        ...change,
      };
      if (agent.told.take(report)) agent.client.publishStatus(probe);
      return report;
    },
    async advance(ms: number) {
      await settle();
      for (let left = ms; left > 0; left -= 1_000) {
        await clock.advance(Math.min(left, 1_000));
        await settle();
      }
    },
    async stored(probe: string) {
      return (await store.queries.factsOf(agentId, probe))?.facts?.['value'] ?? null;
    },
    async changes(probe: string) {
      const { items } = await store.queries.factsHistory(agentId, probe, { limit: 100, cursor: null });
      return items.map(({ facts }) => facts['value']).toReversed();
    },
    async [Symbol.asyncDispose]() {
      await disconnect();
      await source[Symbol.asyncDispose]();
      await agent.client[Symbol.asyncDispose]();
      await opened.disposeAsync();
    },
  };
}

describe('facts on their way to the hub', () => {
  test('come when they change, and when a link begins', async () => {
    await using world = await createWorld();
    world.found('host', 1);

    await world.connect();
    await world.advance(1_000);
    world.found('host', 2);
    await world.advance(1_000);

    assert.deepEqual(await world.changes('host'), [1, 2]);
  });

  test('cost the hub neither a commit nor an event while nothing but volatile values is another', async () => {
    await using world = await createWorld();
    await world.connect();
    world.found('host', 1);
    await world.advance(2 * periodMs);
    const commits = world.commits();
    const statuses = () => world.events.filter(({ event }) => event.resourceid === 'host').length;
    const before = statuses();

    for (let round = 0; round < 5; round += 1) {
      world.found('host', 1);
      await world.advance(periodMs);
    }

    assert.equal(world.commits(), commits);
    assert.equal(statuses(), before);
  });

  test('agree again within two periods whichever single event is lost', async () => {
    for (let lost = 0; lost < 12; lost += 1) {
      await using world = await createWorld();
      await world.connect((index) => (index === lost ? [] : delivered));
      world.found('host', 1);
      world.found('listening', 1);
      await world.advance(1_000);
      world.found('host', 2);

      await world.advance(2 * periodMs);

      assert.deepEqual([await world.stored('host'), await world.stored('listening')], [2, 1], `event ${lost} lost`);
    }
  });

  test('make each change once, in their order, when events are doubled, delayed and overtake each other', async () => {
    await using world = await createWorld();
    const dice = createTestRandom(7);
    await world.connect(() => [5 + dice.fraction() * 4_000, 5 + dice.fraction() * 9_000]);

    for (let value = 1; value <= 20; value += 1) {
      world.found('host', value);
      await world.advance(1_000);
    }
    await world.advance(3 * periodMs);

    const changes = (await world.changes('host')).map(Number);
    assert.equal(changes.at(-1), 20);
    assert.deepEqual(
      changes,
      [...new Set(changes)].toSorted((one, other) => one - other),
    );
  });

  test('are no news to a hub that was started anew', async () => {
    await using world = await createWorld();
    await world.connect();
    world.found('host', 1);
    await world.advance(1_000);
    const commits = world.commits();

    await world.restartHub();
    await world.connect();
    await world.advance(2 * periodMs);

    assert.deepEqual(await world.changes('host'), [1]);
    assert.equal(world.commits(), commits);
  });

  test('stay on the hub when an agent that was started anew has none yet, or only a problem', async () => {
    await using world = await createWorld();
    await world.connect();
    world.found('host', 1);
    world.found('listening', 1);
    await world.advance(1_000);

    await world.restartAgent();
    const error = { message: 'no', at: new Date(0).toISOString() };
    world.found('host', 0, { facts: null, collectedAt: null, durationMs: null, error });
    await world.connect();
    await world.advance(2 * periodMs);
    world.found('host', 1);
    await world.advance(1_000);

    assert.deepEqual([await world.stored('host'), await world.stored('listening')], [1, 1]);
    assert.deepEqual(await world.changes('host'), [1]);
  });

  test('under a name that is not their own are not taken', async () => {
    await using world = await createWorld();
    const report = { ...world.found('host', 1), probe: 'other' };

    await world.sink.apply({ id: 'host', version: 0, hash: 'h', status: report });
    await world.sink.apply({ id: 'other', version: 0, hash: 'h', status: report });

    assert.deepEqual([await world.stored('host'), await world.stored('other')], [null, 1]);
  });
});
