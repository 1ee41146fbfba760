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
  const idle = { opened() {}, closed() {} };
  return {
    taken,
    observer: idle,
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
  return { outbox, counters, put, link: createSlowLink(), cut: new AbortController() };
}

suite('the outbox', () => {
  test('waits for the link, and lets the newest of each key take the place of older ones', async () => {
    const { outbox, put, link, cut } = setUp();
    const served = outbox.serve(link.publish, { signal: cut.signal, observer: link.observer });

    put('a', 'a1');
    await settle();
    for (const id of ['a2', 'a3', 'a4']) put('a', id);
    put('b', 'b1');
    for (let times = 0; times < 4; times += 1) await link.take();

    assert.deepEqual(link.taken, ['a1', 'a4', 'b1']);
    cut.abort();
    await served;
  });

  test('keeps nothing while there is no link', async () => {
    const { outbox, put, link, cut } = setUp();

    put('a', 'before');
    const served = outbox.serve(link.publish, { signal: cut.signal, observer: link.observer });
    await link.take();
    cut.abort();
    await served;
    put('a', 'after');

    assert.deepEqual(link.taken, []);
  });

  test('goes on with the next after one that the link or a lister refused', async () => {
    const { outbox, counters, put, cut } = setUp();
    const taken: string[] = [];
    const publish = async (event: CloudEvent) => {
      if (event.id === 'bad') throw new Error('the link refuses it');
      taken.push(event.id);
    };
    const served = outbox.serve(publish, { signal: cut.signal, observer: { opened() {}, closed() {} } });

    put('a', 'bad');
    outbox.put('b', () => Promise.reject(new Error('the store is not ready')));
    put('c', 'good');
    await settle();

    assert.deepEqual(taken, ['good']);
    assert.equal(counters.counts['publish-failed'], 1);
    assert.equal(counters.counts['handler-failed'], 1);
    cut.abort();
    await served;
  });

  test('tells its observer of the life of each link, and serves one after another', async () => {
    const { outbox, link } = setUp();
    const told: string[] = [];
    const observer = { opened: () => told.push('opened'), closed: () => told.push('closed') };
    const first = new AbortController();
    const second = new AbortController();

    const served = outbox.serve(link.publish, { signal: first.signal, observer });
    await assert.rejects(outbox.serve(link.publish, { signal: second.signal, observer }), /expected the link before/);
    first.abort();
    await served;
    const again = outbox.serve(link.publish, { signal: second.signal, observer });
    second.abort();
    await again;
    await outbox.serve(link.publish, { signal: second.signal, observer });

    assert.deepEqual(told, ['opened', 'closed', 'opened', 'closed']);
  });

  test('ends after the sending that is under way', async () => {
    const { outbox, put, link, cut } = setUp();
    let hasEnded = false;
    const served = outbox
      .serve(link.publish, { signal: cut.signal, observer: link.observer })
      .then(() => (hasEnded = true));

    put('a', 'a1');
    put('b', 'b1');
    await settle();
    cut.abort();
    await settle();
    assert.equal(hasEnded, false);
    await link.take();

    assert.deepEqual(link.taken, ['a1']);
    await served;
  });
});
