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
      }
      assert.ok(index > 15, `expected the story to have more than 15 events, got ${index}`);
    });
  }
});

const ids = ['a', 'b', 'c', 'd'];
const id = fc.constantFrom(...ids);
const word = fc.constantFrom('one', 'two', 'three');

type Step = (world: World) => void | Promise<void>;
interface Story {
  readonly steps: readonly { readonly name: string; readonly step: Step }[];
  readonly fates: readonly Fate[];
}

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(delivered) },
  { weight: 2, arbitrary: fc.constant<Fate>([]) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: longestDelayMs }), { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 2 }) },
);

const changes = {
  want: fc.record({ id, word }).map(({ id, word }) => ({
    name: `want ${id} ${word}`,
    step: (world: World) => world.want(id, word),
  })),
  have: fc.record({ id, word }).map(({ id, word }) => ({
    name: `have ${id} ${word}`,
    step: (world: World) => world.have(id, word),
  })),
  delete: id.map((id) => ({ name: `delete ${id}`, step: (world: World) => world.delete(id) })),
  unlist: id.map((id) => ({
    name: `unlist ${id}`,
    step: (world: World) => {
      world.specs.delete(id);
    },
  })),
  end: id.map((id) => ({
    name: `end ${id}`,
    step: (world: World) => {
      world.things.delete(id);
    },
  })),
  wait: fc
    .integer({ min: 0, max: 40_000 })
    .map((ms) => ({ name: `wait ${ms}`, step: (world: World) => world.clock.advance(ms) })),
};

/** Chance of a link that fails at will, until the story ends: from then on everything arrives. */
function createStoryWorld(story: Story, deleteUnknown: boolean) {
  const world = createWorld({
    deleteUnknown,
    options: { maxListEntries: 2, maxFirstListEntries: 2, firstRepeatMs: 3_000 },
  });
  let told = false;
  let sent = 0;
  const decide = () => {
    if (told || story.fates.length === 0) return delivered;
    sent += 1;
    return story.fates[sent % story.fates.length] ?? delivered;
  };
  return {
    world,
    decide,
    async tell(): Promise<void> {
      await world.connect(decide);
      for (const { step } of story.steps) await step(world);
      told = true;
      await world.clock.advance(longestDelayMs);
    },
  };
}

const restarts = {
  'restart hub': async (world: World, decide: () => Fate) => {
    await world.restartSource();
    await world.connect(decide);
  },
  'restart agent': async (world: World, decide: () => Fate) => {
    await world.restartAgent();
    await world.connect(decide);
  },
  'restart agent an hour earlier': async (world: World, decide: () => Fate) => {
    await world.restartAgent(-3_600_000);
    await world.connect(decide);
  },
  reconnect: async (world: World, decide: () => Fate) => {
    await world.connect(decide);
  },
};

const restart = fc.constantFrom(...(Object.keys(restarts) as (keyof typeof restarts)[]));

suite('whatever goes wrong, once it stops both sides agree within two periods', () => {
  test('resources that absence and deletion do not touch', async () => {
    const change = fc.oneof(
      { weight: 6, arbitrary: fc.oneof(changes.want, changes.have, changes.wait) },
      { weight: 2, arbitrary: fc.oneof(changes.unlist, changes.delete, changes.end) },
      { weight: 1, arbitrary: restart.map((name) => ({ name, step: null })) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 25 }),
        fc.array(fate, { maxLength: 40 }),
        async (stories, fates) => {
          let decide: () => Fate = () => delivered;
          const steps = stories.map(({ name, step }) => ({
            name,
            step: step ?? ((world: World) => restarts[name as keyof typeof restarts](world, decide)),
          }));
          const story = createStoryWorld({ steps, fates }, false);
          decide = story.decide;
          await using world = story.world;
          await story.tell();
          await runPeriods(world, 2);

          assertAgreed(world, 'at the end');
          assert.ok(
            [...world.took.values()].every((entry) => entry.type === 'wanted'),
            'no deletion reached the agent',
          );
          const sentBefore = world.events.length;
          await runPeriods(world, 1);
          assert.ok(world.events.length - sentBefore < 40, 'a quiet link stays quiet');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('resources that are deleted when the hub does not know them', async () => {
    const change = fc.oneof(
      { weight: 6, arbitrary: fc.oneof(changes.want, changes.wait) },
      { weight: 3, arbitrary: fc.oneof(changes.unlist, changes.delete) },
      { weight: 1, arbitrary: fc.constantFrom<'restart hub' | 'reconnect'>('restart hub', 'reconnect') },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 25 }),
        fc.array(fate, { maxLength: 40 }),
        async (stories, fates) => {
          let decide: () => Fate = () => delivered;
          const steps = stories.map((told) =>
            typeof told === 'string' ? { name: told, step: (world: World) => restarts[told](world, decide) } : told,
          );
          const story = createStoryWorld({ steps, fates }, true);
          decide = story.decide;
          await using world = story.world;
          await story.tell();
          await runPeriods(world, 2);

          assertAgreed(world, 'at the end');
          for (const entry of world.took.values()) {
            if (entry.type === 'wanted') assert.deepEqual(world.specs.get(entry.id), entry);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
