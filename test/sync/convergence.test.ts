import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { checkLeaks } from '../support/leak-check.ts';
import { delivered, type Fate } from './faulty-link.ts';
import { createWorld, type World } from './world.ts';

checkLeaks();

const longestDelayMs = 30_000;

/** Every spec that the hub wants is taken in its version, and the hub was told every status that the agent has. */
function assertAgreed(world: World, note: string): void {
  const wanted = [...world.specs.values()].filter((entry) => entry.type === 'wanted');
  assert.deepEqual(
    wanted.map(({ id }) => world.took.get(id)),
    wanted,
    `specs, ${note}`,
  );
  const things = [...world.things];
  assert.deepEqual(
    things.map(([id]) => [id, world.told.get(id)]),
    things,
    `statuses, ${note}`,
  );
}

/** A client never goes back to an older state, except for what the agent had forgotten since. */
function assertOrdered(world: World): void {
  assert.deepEqual(world.regressions, []);
}

async function runPeriods(world: World, periods: number): Promise<void> {
  await world.clock.advance(periods * world.options.periodMs);
}

suite('with the link up, one event that goes wrong', () => {
  const mishaps: Readonly<Record<string, Fate>> = {
    lost: [],
    doubled: [5, 5],
    'doubled late': [5, longestDelayMs],
    'delayed behind others': [2_000],
    'delayed for long': [longestDelayMs],
  };

  /** Changes on both sides, in a link's first moments and later, and resources that end. */
  async function live(world: World, mishap: Fate, index: number): Promise<number> {
    let happenedAt = -1;
    world.want('a', 'one');
    world.have('z', 'already here');
    await world.connect((_event, at) => {
      if (at !== index) return delivered;
      happenedAt = world.clock.monotonic();
      return mishap;
    });
    await world.clock.advance(500);
    world.want('b', 'one');
    await world.clock.advance(500);
    world.want('b', 'two');
    world.have('a', 'running');
    await world.clock.advance(1_000);
    world.have('a', 'done');
    world.want('a', 'three');
    await world.clock.advance(500);
    world.things.delete('z');
    world.have('y', 'new');
    await runPeriods(world, 1);
    return happenedAt;
  }

  for (const [name, mishap] of Object.entries(mishaps)) {
    test(`is made good within two periods: ${name}`, async () => {
      let index = 0;
      for (let happened = true; happened; index += 1) {
        await using world = createWorld({});
        const happenedAt = await live(world, mishap, index);
        happened = happenedAt !== -1;
        const untilMs = happenedAt + Math.max(0, ...mishap) + 2 * world.options.periodMs;
        await world.clock.advance(Math.max(0, untilMs - world.clock.monotonic()));

        assertAgreed(world, `event ${index}`);
        assertOrdered(world);
      }
      assert.ok(index > 15, `expected the story to have more than 15 events, got ${index}`);
    });
  }
});

const ids = ['a', 'b', 'c', 'd'];
const id = fc.constantFrom(...ids);
const word = fc.constantFrom('one', 'two', 'three');
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(delivered) },
  { weight: 2, arbitrary: fc.constant<Fate>([]) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: longestDelayMs }), { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 2 }) },
);
const fates = fc.array(fate, { maxLength: 40, size: 'max' });

/** What happens in a story. As data, so that a counterexample can be read. */
type Step =
  | { readonly type: 'want' | 'have'; readonly id: string; readonly word: string }
  | { readonly type: 'delete' | 'unlist' | 'end' | 'lack'; readonly id: string }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'reconnect' | 'restart hub' }
  | { readonly type: 'restart agent'; readonly clockShiftMs: number };

const want = fc.record({ type: fc.constant('want'), id, word });
const have = fc.record({ type: fc.constant('have'), id, word });
const remove = fc.record({ type: fc.constantFrom('delete', 'unlist'), id });
const end = fc.record({ type: fc.constant('end'), id });
const lack = fc.record({ type: fc.constantFrom('lack', 'end'), id });
const wait = fc.record({ type: fc.constant('wait'), ms: fc.integer({ min: 0, max: 40_000 }) });
const relink = fc.record({ type: fc.constantFrom('reconnect', 'restart hub') });
const restartAgent = fc.record({
  type: fc.constant('restart agent'),
  clockShiftMs: fc.constantFrom(0, -3_600_000, 3_600_000),
});

async function take(world: World, step: Step, decide: () => Fate): Promise<void> {
  switch (step.type) {
    case 'want':
      return world.want(step.id, step.word);
    case 'have':
      return world.have(step.id, step.word);
    case 'delete':
      return world.delete(step.id);
    case 'unlist':
      world.specs.delete(step.id);
      return;
    case 'end':
      world.things.delete(step.id);
      return;
    case 'lack':
      return world.lack(step.id);
    case 'wait':
      return await world.clock.advance(step.ms);
    case 'reconnect':
      return await world.connect(decide);
    case 'restart hub':
      await world.restartSource();
      return await world.connect(decide);
    case 'restart agent':
      await world.restartAgent(step.clockShiftMs);
      return await world.connect(decide);
  }
}

/** Tells the story over a link that does what it wants with events; from its end on everything arrives. */
async function tell(world: World, steps: readonly Step[], mishaps: readonly Fate[]): Promise<void> {
  let isOver = false;
  let sent = 0;
  const decide = () => {
    sent += 1;
    return (isOver ? undefined : mishaps[sent % mishaps.length]) ?? delivered;
  };
  await world.connect(decide);
  for (const step of steps) await take(world, step, decide);
  isOver = true;
  await world.clock.advance(longestDelayMs);
}

/** Lists of two entries, so that also a short story has long ones. */
const options = { maxListEntries: 2, maxFirstListEntries: 2 };

suite('whatever goes wrong, once it stops both sides agree within two periods', () => {
  test('about resources that absence and deletion do not touch', async () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: fc.oneof(want, have, wait) },
      { weight: 2, arbitrary: fc.oneof(remove, end) },
      { weight: 1, arbitrary: fc.oneof(relink, restartAgent) },
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), fates, async (steps, mishaps) => {
      await using world = createWorld({ deleteUnknown: false, options });

      await tell(world, steps, mishaps);
      await runPeriods(world, 2);

      assertAgreed(world, 'at the end');
      assertOrdered(world);
      assert.ok([...world.took.values()].every((entry) => entry.type === 'wanted'));
    });
    await fc.assert(property, { numRuns: 250 });
  });

  test('about resources that are deleted when the hub does not know them', async () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: fc.oneof(want, wait) },
      { weight: 3, arbitrary: remove },
      { weight: 1, arbitrary: relink },
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), fates, async (steps, mishaps) => {
      await using world = createWorld({ deleteUnknown: true, options });

      await tell(world, steps, mishaps);
      await runPeriods(world, 2);

      assertAgreed(world, 'at the end');
      assertOrdered(world);
      for (const entry of world.took.values()) {
        if (entry.type === 'wanted') assert.deepEqual(world.specs.get(entry.id), entry);
      }
    });
    await fc.assert(property, { numRuns: 200 });
  });

  test('about resources that only the agent has, and that end there, also while the hub is away', async () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: fc.oneof(have, wait) },
      { weight: 3, arbitrary: lack },
      { weight: 1, arbitrary: fc.oneof(relink, restartAgent) },
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), fates, async (steps, mishaps) => {
      await using world = createWorld({ keepsHashes: true, options });

      await tell(world, steps, mishaps);
      await runPeriods(world, 2);

      assert.deepEqual(new Map([...world.told].toSorted()), new Map([...world.things].toSorted()));
      assertOrdered(world);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
