import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { parseEventType } from '../../protocol/event-type.ts';
import type { JsonValue } from '../../protocol/json.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import type { HeldValue } from '../../sync/digest.ts';
import { StatusResyncRequest } from '../../sync/resync-data.ts';
import { serveLink } from '../../sync/serve-link.ts';
import { createSourceClient } from '../../sync/source-client.ts';
import type { SpecEntry } from '../../sync/spec-entry.ts';
import type { StatusUpdate } from '../../sync/status-sink.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../sync/sync-options.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createTestCodec, createTestRandom, type Have, type Want } from './world.ts';

checkLeaks();

const resource = 'io.farhand.test.things';

function setUp(given: { deleteUnknown?: boolean; digests?: boolean; newerStatus?: 'apply' | 'ignore' } = {}) {
  const clock = createVirtualClock();
  const counters = createSyncCounters();
  const specs = new Map<string, SpecEntry<Want>>();
  const applied: StatusUpdate<Have>[] = [];
  const sent: CloudEvent[] = [];
  /** For each resync request that was answered, how many events the wire had taken by then. */
  const answered: number[] = [];
  const cut = new AbortController();
  const forgotten: string[] = [];
  const sink = {
    held: async (): Promise<readonly HeldValue[]> => [],
    forget: async (id: string): Promise<void> => void forgotten.push(id),
    apply: async (update: StatusUpdate<Have>): Promise<void> => {
      applied.push(update);
    },
  };
  const client = createSourceClient<Want, Have>({
    codec: {
      ...createTestCodec({ deleteUnknown: given.deleteUnknown ?? false, digests: given.digests ?? true }),
      newerStatus: given.newerStatus ?? 'apply',
    },
    source: 'hub',
    cluster: 'agent-1',
    specs: {
      versions: async () =>
        [...specs.values()].map(({ id, version, type }) => ({ id, version, deleted: type === 'deleted' })),
      get: async (id) => specs.get(id) ?? null,
    },
    sink: { held: () => sink.held(), apply: (update) => sink.apply(update), forget: (id) => sink.forget(id) },
    clock,
    random: createTestRandom(),
    logger: silentLogger,
    counters,
    options: defaultSyncOptions,
    onAnswered: () => answered.push(sent.length),
  });
  let served: Promise<void> = Promise.resolve();
  return {
    client,
    clock,
    counts: counters.counts,
    specs,
    applied,
    forgotten,
    sent,
    answered,
    sink,
    async connect(): Promise<void> {
      served = serveLink(async (event) => void sent.push(event), {
        clients: [client],
        signal: cut.signal,
        clock,
        random: createTestRandom(),
        options: defaultSyncOptions,
      });
      await clock.settle();
    },
    want(id: string, version: number): SpecEntry<Want> {
      const entry: SpecEntry<Want> = {
        type: 'wanted',
        id,
        version,
        spec: { want: `${id} ${version}` },
        traceparent: null,
      };
      specs.set(id, entry);
      return entry;
    },
    async disconnect(): Promise<void> {
      cut.abort();
      await served;
    },
    async receive(what: string, fields: Partial<CloudEvent>): Promise<void> {
      const type = `${resource}.${what}`;
      client.receive(parseEventType(type), { specversion: '1.0', id: '1', source: 'agent-1', type, ...fields });
      await clock.settle();
    },
    async status(id: string, have: string, fields: Partial<CloudEvent>): Promise<void> {
      await this.receive('status.update_request', {
        resourceid: id,
        resourceversion: 1,
        sequenceid: '10',
        data: { have, serial: 0 },
        ...fields,
      });
    },
    /** Of the events sent since the last call: what each is and about which resource. */
    taken(): string[] {
      return sent
        .splice(0)
        .map(({ type, resourceid, resourceversion }) =>
          [type.slice(resource.length + 1), resourceid, resourceversion].filter((part) => part !== undefined).join(' '),
        );
    },
    async [Symbol.asyncDispose](): Promise<void> {
      cut.abort();
      await served;
      await client[Symbol.asyncDispose]();
    },
  };
}

suite('the source client', () => {
  test('begins a link by saying which statuses it holds', async () => {
    await using source = setUp();
    await source.status('a', 'well', { statushash: 'abc', sequenceid: '12' });

    await source.connect();

    assert.deepEqual(source.sent[0]?.data, {
      statusHashes: [{ resourceID: 'a', statusHash: 'abc' }],
      scope: { of: 1, buckets: [0] },
      sequenceID: '12',
    });
    assert.equal(source.sent[0]?.clustername, 'agent-1');
  });

  test('sends a spec, repeats it while it stands unanswered, and stops when it is answered', async () => {
    await using source = setUp();
    await source.connect();
    source.taken();

    source.client.publishSpec(source.want('a', 1));
    await source.clock.settle();
    assert.deepEqual(source.taken(), ['spec.create_request a 1']);
    await source.clock.advance(3_000);
    assert.deepEqual(source.taken(), ['spec.update_request a 1']);
    await source.status('a', 'well', { resourceversion: 1 });
    await source.clock.advance(40_000);

    assert.deepEqual(source.taken(), []);
    assert.equal(source.counts.repeated, 1);
  });

  test('says with a spec which trace it is part of, also when it is repeated', async () => {
    await using source = setUp();
    await source.connect();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const entry = { ...source.want('a', 1), traceparent };
    source.specs.set('a', entry);

    source.client.publishSpec(entry);
    source.client.publishSpec(source.want('b', 1));
    await source.clock.settle();
    await source.clock.advance(3_000);

    const tracesOf = (id: string) =>
      source.sent.filter(({ resourceid }) => resourceid === id).map((event) => event.traceparent);
    assert.deepEqual(tracesOf('a'), [traceparent, traceparent]);
    assert.deepEqual(tracesOf('b'), [undefined, undefined]);
  });

  test('repeats the newest version only, and nothing that the lister has no more', async () => {
    await using source = setUp();
    await source.connect();
    source.taken();

    source.client.publishSpec(source.want('a', 1));
    source.client.publishSpec(source.want('b', 2));
    await source.clock.settle();
    source.taken();
    source.want('a', 3);
    source.specs.delete('b');
    await source.clock.advance(20_000);

    assert.deepEqual([...new Set(source.taken())], ['spec.update_request a 3']);
  });

  test('repeats nothing once the link is over', async () => {
    await using source = setUp();
    await source.connect();
    source.client.publishSpec(source.want('a', 1));
    await source.clock.settle();

    await source.disconnect();

    assert.equal(source.clock.pending, 0);
  });

  test('stops repeating what the lister has no more', async () => {
    await using source = setUp();
    await source.connect();
    source.client.publishSpec(source.want('a', 1));
    await source.clock.settle();

    source.specs.delete('a');
    await source.clock.advance(50_000);

    assert.equal(source.counts.repeated, 1);
  });

  test('never sends an older version after a newer one', async () => {
    await using source = setUp();
    await source.connect();
    source.taken();
    const old = source.want('a', 1);

    source.client.publishSpec(source.want('a', 2));
    source.client.publishSpec(old);
    await source.clock.settle();

    assert.deepEqual(source.taken(), ['spec.update_request a 2']);
  });

  test('hands on a status once, the newest', async () => {
    await using source = setUp();

    await source.status('a', 'first', { sequenceid: '10' });
    await source.status('a', 'first', { sequenceid: '10' });
    await source.status('a', 'older', { sequenceid: '9' });
    await source.status('a', 'first', { sequenceid: '11' });
    await source.status('a', 'second', { sequenceid: '12', resourceversion: 3 });

    const taken = source.applied.map(({ id, version, status }) => ({ id, version, status }));
    assert.deepEqual(taken, [
      { id: 'a', version: 1, status: { have: 'first', serial: 0 } },
      { id: 'a', version: 3, status: { have: 'second', serial: 0 } },
    ]);
    assert.equal(source.counts.stale, 2);
    assert.equal(source.counts.unchanged, 1);
  });

  test('leaves out what is older than the status that the sink is busy with', async () => {
    await using source = setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    const taken: string[] = [];
    source.sink.apply = ({ status }) => {
      taken.push(status.have);
      return promise;
    };

    await source.status('a', 'newer', { sequenceid: '20' });
    await source.status('a', 'older', { sequenceid: '19' });
    resolve();
    await source.clock.settle();

    assert.deepEqual(taken, ['newer']);
  });

  test('does not hold a status that the sink refused', async () => {
    await using source = setUp();
    source.sink.apply = () => Promise.reject(new Error('the store is away'));
    source.client.publishSpec(source.want('a', 1));

    await source.status('a', 'well', {});
    await source.connect();
    await source.clock.advance(3_000);

    assert.equal(source.counts['handler-failed'], 1);
    const { statusHashes } = StatusResyncRequest.parse(source.sent[0]?.data);
    assert.deepEqual(statusHashes, []);
    assert.equal(source.counts.repeated, 1);
  });

  test('ignores a status of a newer spec than its own where the codec says so', async () => {
    await using source = setUp({ newerStatus: 'ignore' });
    source.client.publishSpec(source.want('a', 1));

    await source.status('a', 'too new', { resourceversion: 2, sequenceid: '10' });
    assert.deepEqual(source.applied, []);
    source.want('a', 2);
    await source.status('a', 'as new', { resourceversion: 2, sequenceid: '11' });

    assert.equal(source.applied.length, 1);
    assert.equal(source.counts['version-ahead'], 1);
  });

  test('takes it otherwise, so that an agent stays visible after a restore of the store', async () => {
    await using source = setUp({ newerStatus: 'apply' });
    source.client.publishSpec(source.want('a', 1));

    await source.status('a', 'too new', { resourceversion: 2 });

    assert.equal(source.applied.length, 1);
    assert.equal(source.counts['version-ahead'], 1);
  });

  test('drops a malformed status, and takes a good one after it', async () => {
    await using source = setUp();

    await source.receive('status.update_request', { resourceid: 'a', resourceversion: 1, data: {} });
    await source.receive('status.update_request', {
      resourceid: 'a',
      resourceversion: 1,
      sequenceid: '2',
      data: { have: 7 },
    });
    await source.receive('spec.update_request', { resourceid: 'a', resourceversion: 1, data: { want: 'x' } });
    await source.status('a', 'well', { sequenceid: '2' });

    assert.equal(source.counts.malformed, 2);
    assert.equal(source.counts['wrong-direction'], 1);
    assert.equal(source.applied.length, 1);
  });
});

suite('the source client of a sink that holds statuses from before', () => {
  async function beginWith(held: readonly HeldValue[]) {
    const source = setUp();
    source.sink.held = async () => held;
    await source.connect();
    return source;
  }

  test('says so at the beginning of a link, and takes what it holds as known', async () => {
    await using source = await beginWith([{ id: 'a', value: 'abc' }]);

    await source.status('a', 'well', { statushash: 'abc' });

    assert.partialDeepStrictEqual(source.sent[0]?.data, { statusHashes: [{ resourceID: 'a', statusHash: 'abc' }] });
    assert.deepEqual(source.applied, []);
    assert.equal(source.counts.unchanged, 1);
  });

  test('hands on the hash that the next life is to hold', async () => {
    await using source = await beginWith([]);

    await source.status('a', 'well', { statushash: 'abc' });

    assert.partialDeepStrictEqual(source.applied, [{ id: 'a', hash: 'abc', status: { have: 'well' } }]);
  });

  test('forgets nothing by word that is older than what it holds', async () => {
    await using source = await beginWith([]);
    await source.status('a', 'well', { sequenceid: '12' });

    await source.receive('status.resync_response', { sequenceid: '11', data: { gone: ['a'] } });

    assert.deepEqual(source.forgotten, []);
    assert.equal(source.counts.stale, 1);
  });

  test('knows what is gone for a while, so that no late status brings it back', async () => {
    await using source = await beginWith([]);
    await source.status('a', 'well', { sequenceid: '12' });
    await source.receive('status.resync_response', { sequenceid: '14', data: { gone: ['a'] } });

    // A round comes by then.
    await source.clock.advance(defaultSyncOptions.periodMs);
    await source.status('a', 'late', { sequenceid: '13' });

    assert.equal(source.applied.length, 1);
    assert.deepEqual(source.forgotten, ['a']);
  });

  test('has it forgotten when the agent knows it no more, once', async () => {
    await using source = await beginWith([{ id: 'a', value: 'abc' }]);

    await source.receive('status.resync_response', { sequenceid: '11', data: { gone: ['a', 'never held'] } });
    await source.receive('status.resync_response', { sequenceid: '12', data: { gone: ['a'] } });
    await source.status('a', 'late', { sequenceid: '10' });

    assert.deepEqual(source.forgotten, ['a']);
    assert.deepEqual(source.applied, []);
  });

  test('holds it still where it could not be forgotten', async () => {
    await using source = await beginWith([{ id: 'a', value: 'abc' }]);
    source.sink.forget = async () => {
      throw new Error('disk full');
    };

    await source.receive('status.resync_response', { sequenceid: '11', data: { gone: ['a'] } });
    source.sink.forget = async (id) => void source.forgotten.push(id);
    await source.receive('status.resync_response', { sequenceid: '12', data: { gone: ['a'] } });

    assert.equal(source.counts['handler-failed'], 1);
    assert.deepEqual(source.forgotten, ['a']);
  });

  test('compares nothing before it knows what is held', async () => {
    await using source = setUp();
    source.sink.held = async () => {
      throw new Error('not ready');
    };
    await source.connect();
    const early = source.taken();
    source.sink.held = async () => [{ id: 'a', value: 'abc' }];

    await source.clock.advance(defaultSyncOptions.periodMs);
    const later = source.taken();
    await source.status('a', 'well', { statushash: 'abc' });

    assert.deepEqual(early, []);
    assert.deepEqual(later, ['status.resync_request']);
    assert.deepEqual(source.applied, []);
  });
});

suite('the source client answers a list of versions', () => {
  const list: JsonValue = [
    { resourceID: 'same', resourceVersion: 2 },
    { resourceID: 'older', resourceVersion: 1 },
    { resourceID: 'unknown', resourceVersion: 5 },
  ];

  test('with what is newer and what is missing, and nothing about what it does not know', async () => {
    await using source = setUp({ deleteUnknown: false });
    for (const [id, version] of [
      ['same', 2],
      ['older', 3],
      ['missing', 4],
    ] as const)
      source.want(id, version);
    await source.connect();
    source.taken();

    await source.receive('spec.resync_request', { data: { resourceVersions: list } });

    assert.deepEqual(source.taken(), ['spec.resync_response older 3', 'spec.resync_response missing 4']);
  });

  test('with nothing older than what the agent has', async () => {
    await using source = setUp();
    source.want('unknown', 3);
    await source.connect();
    source.taken();

    await source.receive('spec.resync_request', { data: { resourceVersions: list } });

    assert.deepEqual(source.taken(), []);
  });

  test('and repeats what it has sent nobody before, if the answer is lost', async () => {
    await using source = setUp();
    source.want('missing', 4);
    await source.connect();
    source.taken();

    await source.receive('spec.resync_request', { data: { resourceVersions: list } });
    await source.clock.advance(3_000);

    assert.deepEqual(source.taken(), ['spec.resync_response missing 4', 'spec.update_request missing 4']);
  });

  test('and says so once the wire has taken all of the answer', async () => {
    await using hub = setUp();
    hub.want('a', 2);
    hub.want('b', 1);
    await hub.connect();
    hub.taken();
    const before = [...hub.answered];

    await hub.receive('spec.resync_request', { data: { resourceVersions: [] } });
    const told = hub.taken();

    assert.deepEqual(before, []);
    assert.equal(told.length, 2);
    assert.deepEqual(hub.answered, [2]);
  });

  test('with a deletion of what it does not know, where the codec says so', async () => {
    await using source = setUp({ deleteUnknown: true });
    source.want('older', 3);
    source.want('same', 2);
    await source.connect();
    source.taken();

    await source.receive('spec.resync_request', { data: { resourceVersions: list } });

    const deletion = source.sent.at(-1);
    assert.equal(deletion?.deletiontimestamp, '2026-01-01T00:00:00.000Z');
    assert.equal(deletion.data, undefined);
    assert.deepEqual(source.taken(), ['spec.resync_response older 3', 'spec.resync_response unknown 5']);
  });

  test('with nothing that the list does not cover', async () => {
    await using source = setUp();
    source.want('older', 3);
    source.want('missing', 4);
    await source.connect();
    source.taken();

    const scope = { of: 2, buckets: [] };
    await source.receive('spec.resync_request', { data: { resourceVersions: list, scope } });

    assert.deepEqual(source.taken(), ['spec.resync_response older 3']);
  });

  test('not at all while its store is not ready', async () => {
    await using source = setUp({ deleteUnknown: true });
    await source.connect();
    source.taken();
    source.specs.values = () => {
      throw new Error('not ready');
    };

    await source.receive('spec.resync_request', { data: { resourceVersions: list } });

    assert.deepEqual(source.taken(), []);
    assert.equal(source.counts['handler-failed'], 1);
  });

  test('and sends deletions of resources that deletion does not touch to nobody', async () => {
    await using source = setUp({ deleteUnknown: false });
    await source.connect();
    source.taken();
    const deleted: SpecEntry<Want> = { type: 'deleted', id: 'a', version: 9, deletedAt: '2026-01-01T00:00:00Z' };
    source.specs.set('a', deleted);

    source.client.publishSpec(deleted);
    await source.receive('spec.resync_request', { data: { resourceVersions: [] } });
    await source.clock.advance(30_000);

    assert.deepEqual(source.taken(), []);
  });

  test('and soon repeats what an agent forgot, if the answer is lost', async () => {
    await using source = setUp();
    await source.connect();
    source.client.publishSpec(source.want('a', 1));
    await source.status('a', 'well', { resourceversion: 1 });
    source.taken();

    await source.receive('spec.resync_request', { data: { resourceVersions: [] } });
    await source.clock.advance(3_000);

    assert.deepEqual(source.taken(), ['spec.resync_response a 1', 'spec.update_request a 1']);
  });
});

test('to plain Open Cluster Management agents the source client sends whole lists and no digests', async () => {
  await using source = setUp({ digests: false });
  await source.status('a', 'well', { statushash: 'abc' });

  await source.connect();
  await source.clock.advance(60_000);

  assert.ok(source.sent.length >= 2);
  for (const { data } of source.sent)
    assert.deepEqual(data, { statusHashes: [{ resourceID: 'a', statusHash: 'abc' }] });
});
