import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { createWorld, type World } from './world.ts';

checkLeaks();

const count = 10_000;
/** A modest size for a status, so that the cost of comparing is seen beside something realistic. */
const text = 'x'.repeat(500);

async function createLargeWorld(): Promise<{ readonly world: World; readonly fullBytes: number }> {
  const world = createWorld({});
  for (let index = 0; index < count; index += 1) world.have(`thing-${index}`, text);
  await world.connect();
  await world.clock.advance(1_000);
  assert.equal(world.told.size, count);
  return { world, fullBytes: world.bytesSince(0) };
}

suite('ten thousand resources', () => {
  test('that did not change cost almost nothing, neither on a new link nor in a period', async () => {
    const { world, fullBytes } = await createLargeWorld();

    await world.connect();
    await world.clock.advance(2 * world.options.periodMs);

    assert.ok(world.events.length < 10);
    assert.ok(world.bytesSince(0) < fullBytes / 1_000, `${world.bytesSince(0)} of ${fullBytes} bytes`);
    await world[Symbol.asyncDispose]();
  });

  test('of which few changed cost in proportion to those, and one digest', async () => {
    const { world, fullBytes } = await createLargeWorld();
    const costs = new Map<number, number>();

    for (const changed of [10, 100]) {
      await world.disconnect();
      for (let index = 0; index < changed; index += 1) world.have(`thing-${index * 97}`, `changed ${changed}`);
      await world.connect();
      await world.clock.advance(1_000);
      costs.set(changed, world.bytesSince(0));
      assert.ok(world.told.get('thing-97')?.have === `changed ${changed}`);
    }

    const few = costs.get(10) ?? 0;
    const many = costs.get(100) ?? 0;
    assert.ok(few < 60_000, `${few} bytes for ten`);
    assert.ok(many < 300_000, `${many} bytes for a hundred, of ${fullBytes}`);
    await world[Symbol.asyncDispose]();
  });

  test('come back to a hub that lost its memory, in pieces of bounded size', async () => {
    const { world } = await createLargeWorld();
    await world.restartSource();
    world.told.clear();

    await world.connect();
    await world.clock.advance(1_000);
    assert.equal(world.told.size, count);
    world.things.clear();
    const before = world.events.length;
    await world.clock.advance(2 * world.options.periodMs);

    const lists = world.events.slice(before).filter(({ event }) => event.type.endsWith('status.resync_request'));
    assert.ok(lists.length > 10);
    assert.ok(lists.every(({ bytes }) => bytes < world.options.maxListBytes + 2_000));
    await world[Symbol.asyncDispose]();
  });
});
