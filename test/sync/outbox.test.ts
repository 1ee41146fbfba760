import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createOutbox } from '../../sync/outbox.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';

function createEvent(id: string): CloudEvent {
  return { specversion: '1.0', id, source: 'test', type: 'io.farhand.test.things.spec.update_request' };
}

/** A link that takes events one by one, when `take` is called. */
function createSlowLink() {
  const taken: string[] = [];
  let release: (() => void) | null = null;
  return {
    taken,
    publish: (event: CloudEvent) =>
      new Promise<void>((resolve) => {
        release = () => {
          taken.push(event.id);
          resolve();
        };
      }),
    async take(): Promise<void> {
      await settle();
      release?.();
      release = null;
      await settle();
    },
  };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function setUp() {
  const counters = createSyncCounters();
  const outbox = createOutbox({ logger: silentLogger, counters });
  const put = (key: string, id: string) => outbox.put(key, (publish) => publish(createEvent(id)));
  return { outbox, counters, put, link: createSlowLink() };
}

suite('the outbox', () => {
  test('waits for the link, and lets the newest of each key take the place of older ones', async () => {
    const { outbox, put, link } = setUp();
    outbox.open(link.publish);

    put('a', 'a1');
    await settle();
    for (const id of ['a2', 'a3', 'a4']) put('a', id);
    put('b', 'b1');
    for (let times = 0; times < 4; times += 1) await link.take();

    assert.deepEqual(link.taken, ['a1', 'a4', 'b1']);
    await outbox.close();
  });

  test('keeps nothing while there is no link', async () => {
    const { outbox, put, link } = setUp();

    put('a', 'before');
    outbox.open(link.publish);
    await link.take();
    await outbox.close();
    put('a', 'after');

    assert.deepEqual(link.taken, []);
  });

  test('goes on with the next after one that the link or a lister refused', async () => {
    const { outbox, counters, put } = setUp();
    const taken: string[] = [];
    const publish = async (event: CloudEvent) => {
      if (event.id === 'bad') throw new Error('the link refuses it');
      taken.push(event.id);
    };
    outbox.open(publish);

    put('a', 'bad');
    outbox.put('b', () => Promise.reject(new Error('the store is not ready')));
    put('c', 'good');
    await settle();

    assert.deepEqual(taken, ['good']);
    assert.equal(counters.counts['publish-failed'], 1);
    assert.equal(counters.counts['handler-failed'], 1);
    await outbox.close();
  });

  test('serves one link after another, and none before the one before it has ended', async () => {
    const { outbox, put, link } = setUp();
    const again = createSlowLink();

    outbox.open(link.publish);
    put('a', 'a1');
    await settle();
    const closed = outbox.close();
    put('a', 'lost');
    assert.throws(() => outbox.open(again.publish), /expected the link before/);
    await link.take();
    await closed;
    outbox.open(again.publish);
    put('a', 'a2');
    await again.take();
    await outbox.close();
    await outbox.close();

    assert.deepEqual([link.taken, again.taken], [['a1'], ['a2']]);
  });

  test('ends after the sending that is under way', async () => {
    const { outbox, put, link } = setUp();
    let hasEnded = false;
    outbox.open(link.publish);

    put('a', 'a1');
    put('b', 'b1');
    await settle();
    const closed = outbox.close().then(() => (hasEnded = true));
    await settle();
    assert.equal(hasEnded, false);
    await link.take();

    assert.deepEqual(link.taken, ['a1']);
    await closed;
  });
});
