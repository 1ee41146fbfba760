import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuditWatch } from '../../../hub/api/audit-watch.ts';
import { findBegin } from '../../../hub/api/event-begin.ts';
import { EventPlaces } from '../../../hub/api/event-places.ts';
import { streamEvents } from '../../../hub/api/event-stream.ts';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';
import type { AuditRecord } from '../../../hub/store/records.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const places = new EventPlaces(createSecretKey(systemRandom.bytes(32)));

function eventOf(sequence: number): AuditRecord {
  return {
    sequence,
    at: 0,
    account: 'a',
    actor: 'hub',
    action: 'job.queued',
    object: 'job:1',
    data: {},
    requestId: null,
    remote: null,
  };
}

/** What a reader gets of so many events that are there, when nothing new comes. */
async function readAll(count: number, shows: (event: AuditRecord) => boolean, after = 0): Promise<readonly string[]> {
  const reader = new AbortController();
  const all = Array.from({ length: count }, (_, index) => eventOf(index + 1));
  const nothingNew = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  let reads = 0;
  const texts: string[] = [];
  const stream = streamEvents({
    async read(place, limit) {
      reads += 1;
      const page = all.filter(({ sequence }) => sequence > place).slice(0, limit);
      // The last page is not full: behind it there is nothing to be had but news.
      if (page.length < limit || reads > 100) reader.abort();
      return page;
    },
    shows,
    after,
    places,
    topic: { account: 'a', object: null },
    watch: { next: (_, signal) => nothingNew(signal) } satisfies Pick<AuditWatch, 'next'> as AuditWatch,
    clock: createVirtualClock(),
    heartbeatMs: 1_000,
    signal: reader.signal,
  });
  for await (const text of stream) texts.push(text);
  assert.ok(reads <= 100, `read ${reads} times`);
  const ids = texts.filter((text) => text.includes('event:')).map((text) => /^id: (\S+)/.exec(text)?.[1] ?? text);
  return ids.map((id) => String(places.fromId('a', id)));
}

describe('a stream of events', () => {
  it('gives all that is there, page behind page, without waiting for anything new', async () => {
    const ids = await readAll(450, () => true);

    assert.deepEqual(
      ids,
      Array.from({ length: 450 }, (_, index) => String(index + 1)),
    );
  });

  it('goes on behind pages of which the reader is shown nothing', async () => {
    assert.deepEqual(await readAll(450, ({ sequence }) => sequence === 430), ['430']);
  });

  it('begins behind the place that the reader names', async () => {
    assert.deepEqual(await readAll(5, () => true, 3), ['4', '5']);
  });
});

describe('the place where a stream begins', () => {
  const upTo = (newest: number) => async (sequence: number) => sequence < newest;

  it('is the one that the reader names, as long as anything is behind it', async () => {
    assert.equal(await findBegin(3, upTo(10)), 3);
    assert.equal(await findBegin(10, upTo(10)), 10);
  });

  it('is the newest event for one that names none, or one that is yet to come', async () => {
    assert.equal(await findBegin(null, upTo(10)), 10);
    assert.equal(await findBegin(77, upTo(10)), 10);
    assert.equal(await findBegin(null, upTo(0)), 0);
  });

  it('is never behind what the reader has: an event may come while it is looked for', async () => {
    let newest = 10;
    const place = await findBegin(10, async (sequence) => {
      const isAfter = sequence < newest;
      newest = 12;
      return isAfter;
    });

    assert.equal(place, 10);
  });
});
