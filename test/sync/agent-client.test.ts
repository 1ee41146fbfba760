import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { parseEventType } from '../../protocol/event-type.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { createAgentClient } from '../../sync/agent-client.ts';
import { SpecResyncRequest } from '../../sync/resync-data.ts';
import { createSequenceIds } from '../../sync/sequence-ids.ts';
import { serveLink } from '../../sync/serve-link.ts';
import type { SpecEntry } from '../../sync/spec-entry.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../sync/sync-options.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createTestCodec, createTestRandom, type Have, type Want } from './world.ts';

checkLeaks();

const resource = 'io.farhand.test.things';
const deletiontimestamp = '2026-01-01T00:00:00Z';

function setUp(given: { deleteUnknown?: boolean; digests?: boolean } = {}) {
  const clock = createVirtualClock();
  const counters = createSyncCounters();
  const statuses = new Map<string, Have>();
  const applied: SpecEntry<Want>[] = [];
  const sent: CloudEvent[] = [];
  /** For each resync request that was answered, how many events the wire had taken by then. */
  const answered: number[] = [];
  const cut = new AbortController();
  const handler = {
    apply: async (entry: SpecEntry<Want>, _options: { readonly signal: AbortSignal }): Promise<'later' | void> => {
      applied.push(entry);
      statuses.set(entry.id, { have: `took ${entry.version}`, serial: 0 });
    },
  };
  const lister = {
    list: async () => [...statuses].map(([id, status]) => ({ id, status })),
    get: async (id: string) => statuses.get(id) ?? null,
  };
  const codec = createTestCodec({ deleteUnknown: given.deleteUnknown ?? false, digests: given.digests ?? true });
  const client = createAgentClient<Want, Have>({
    codec,
    source: 'agent-1',
    cluster: 'agent-1',
    originalSource: '',
    statuses: { list: () => lister.list(), get: (id) => lister.get(id) },
    handler: { apply: (entry, options) => handler.apply(entry, options) },
    sequenceIds: createSequenceIds(clock),
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
    codec,
    counts: counters.counts,
    statuses,
    applied,
    sent,
    answered,
    handler,
    lister,
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
    async receive(what: string, fields: Partial<CloudEvent>): Promise<void> {
      const type = `${resource}.${what}`;
      client.receive(parseEventType(type), { specversion: '1.0', id: '1', source: 'hub', type, ...fields });
      await clock.settle();
    },
    spec(id: string, version: number, fields: Partial<CloudEvent> = { data: { want: 'x' } }): Promise<void> {
      return this.receive('spec.update_request', { resourceid: id, resourceversion: version, ...fields });
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

suite('the agent client', () => {
  test('begins a link by saying which specs it has taken', async () => {
    await using agent = setUp();
    await agent.spec('a', 3);

    await agent.connect();

    assert.equal(agent.sent[0]?.type, `${resource}.spec.resync_request`);
    assert.deepEqual(agent.sent[0].data, {
      resourceVersions: [{ resourceID: 'a', resourceVersion: 3 }],
      scope: { of: 1, buckets: [0] },
    });
  });

  test('hands on a spec and answers with the status, to its source', async () => {
    await using agent = setUp();
    await agent.connect();
    agent.taken();

    await agent.spec('a', 3);

    const [answer] = agent.sent;
    assert.deepEqual(agent.applied, [{ type: 'wanted', id: 'a', version: 3, spec: { want: 'x' }, traceparent: null }]);
    assert.partialDeepStrictEqual(answer, {
      type: `${resource}.status.update_request`,
      source: 'agent-1',
      clustername: 'agent-1',
      originalsource: 'hub',
      resourceid: 'a',
      resourceversion: 3,
      statushash: agent.codec.hashStatus({ have: 'took 3', serial: 0 }),
      data: { have: 'took 3', serial: 0 },
    });
    assert.match(answer?.sequenceid ?? '', /^\d{19}$/);
  });

  test('hands on the trace that a spec is part of, and says in it what it has to say', async () => {
    await using agent = setUp();
    await agent.connect();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

    await agent.spec('a', 1, { data: { want: 'x' }, traceparent });
    await agent.spec('b', 1);

    assert.partialDeepStrictEqual(agent.applied, [
      { id: 'a', traceparent },
      { id: 'b', traceparent: null },
    ]);
    const answers = agent.sent.filter(({ resourceid }) => resourceid !== undefined);
    assert.deepEqual(
      answers.map((event) => [event.resourceid, event.traceparent]),
      [
        ['a', traceparent],
        ['b', undefined],
      ],
    );
  });

  test('answers the same spec again, and ignores an older one', async () => {
    await using agent = setUp();
    await agent.connect();
    agent.taken();

    await agent.spec('a', 3);
    await agent.spec('a', 3);
    await agent.spec('a', 2);

    assert.deepEqual(agent.taken(), ['status.update_request a 3', 'status.update_request a 3']);
    assert.deepEqual(
      agent.applied.map(({ version }) => version),
      [3, 3],
    );
    assert.equal(agent.counts.stale, 1);
  });

  test('hands on one spec of a resource at a time, others meanwhile', async () => {
    await using agent = setUp();
    const begun: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    agent.handler.apply = ({ id, version }) => {
      begun.push(`${id} ${version}`);
      return promise;
    };

    await agent.spec('a', 1);
    await agent.spec('a', 2);
    await agent.spec('a', 3);
    await agent.spec('b', 1);
    assert.deepEqual(begun, ['a 1', 'b 1']);
    resolve();
    await agent.clock.settle();

    assert.deepEqual(begun, ['a 1', 'b 1', 'a 3']);
  });

  test('has not seen a spec that its handler refused', async () => {
    await using agent = setUp();
    agent.handler.apply = () => Promise.reject(new Error('no room'));

    await agent.spec('a', 1);
    await agent.connect();

    assert.equal(agent.counts['handler-failed'], 1);
    assert.deepEqual(agent.sent[0]?.data, { resourceVersions: [], scope: { of: 1, buckets: [0] } });
  });

  test('says nothing of a spec whose handler will, and has seen it all the same', async () => {
    await using agent = setUp();
    await agent.connect();
    agent.sent.length = 0;
    agent.handler.apply = async () => 'later';
    agent.statuses.set('a', { have: 'works at it', serial: 0 });

    await agent.spec('a', 1);
    assert.deepEqual(agent.sent, []);
    agent.client.publishStatus('a');
    await agent.clock.settle();

    assert.partialDeepStrictEqual(agent.sent, [{ resourceid: 'a', resourceversion: 1 }]);
    assert.equal(agent.sent.length, 1);
  });

  test('aborts its handlers when disposed, and waits for them', async () => {
    const agent = setUp();
    let hasEnded = false;
    agent.handler.apply = (_entry, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          hasEnded = true;
          resolve();
        });
      });

    await agent.spec('a', 1);
    await agent[Symbol.asyncDispose]();

    assert.equal(hasEnded, true);
  });

  test('lets no deletion through to resources that deletion does not touch', async () => {
    await using agent = setUp({ deleteUnknown: false });

    await agent.spec('a', 1);
    await agent.spec('a', 2, { deletiontimestamp });

    assert.equal(agent.applied.length, 1);
    assert.equal(agent.counts['deletion-ignored'], 1);
  });

  test('hands on a deletion otherwise, which is the last word of its version', async () => {
    await using agent = setUp({ deleteUnknown: true });

    await agent.spec('a', 1);
    await agent.spec('a', 1, { deletiontimestamp });
    await agent.spec('a', 1);

    assert.deepEqual(
      agent.applied.map(({ type }) => type),
      ['wanted', 'deleted'],
    );
  });

  test('drops a malformed spec, and takes a good one after it', async () => {
    await using agent = setUp();

    await agent.spec('a', 1, {});
    await agent.spec('a', 1, { data: { want: 7 } });
    await agent.receive('spec.update_request', { resourceid: 'a', data: { want: 'x' } });
    await agent.receive('status.update_request', { resourceid: 'a', resourceversion: 1 });
    await agent.spec('a', 1);

    assert.equal(agent.counts.malformed, 3);
    assert.equal(agent.counts['wrong-direction'], 1);
    assert.equal(agent.applied.length, 1);
  });

  test('publishes the status that the lister has, and none when it has none', async () => {
    await using agent = setUp();
    await agent.connect();
    agent.taken();
    agent.statuses.set('a', { have: 'well', serial: 0 });

    agent.client.publishStatus('a');
    agent.client.publishStatus('b');
    await agent.clock.settle();

    assert.deepEqual(agent.taken(), ['status.update_request a 0']);
  });

  test('forgets what has ended, so that the source need not know it either', async () => {
    await using agent = setUp();
    await agent.connect();
    await agent.spec('a', 1);
    await agent.spec('b', 1);
    agent.taken();

    agent.statuses.delete('a');
    await agent.clock.advance(60_000);
    const of1 = agent.sent.find(({ type }) => type.endsWith('spec.resync_request'))?.data;
    agent.sent.length = 0;
    await agent.receive('spec.resync_response', { data: { digest: { of: 1, sums: 'AAAAAAAAAAA=' } } });

    assert.partialDeepStrictEqual(of1, { digest: { of: 1 } });
    const listed = SpecResyncRequest.parse(agent.sent[0]?.data).resourceVersions;
    assert.deepEqual(listed, [{ resourceID: 'b', resourceVersion: 1 }]);
  });

  test('keeps what its handler is busy with, also where there is no status of it', async () => {
    await using agent = setUp();
    await agent.connect();
    await agent.spec('a', 1);
    const { promise: taken, resolve: take } = Promise.withResolvers<void>();
    agent.handler.apply = () => taken;
    agent.statuses.delete('a');
    await agent.spec('a', 2);

    await agent.clock.advance(60_000);
    agent.sent.length = 0;
    await agent.receive('spec.resync_response', { data: { digest: { of: 1, sums: 'AAAAAAAAAAA=' } } });
    take();

    const listed = SpecResyncRequest.parse(agent.sent[0]?.data).resourceVersions;
    assert.deepEqual(listed, [{ resourceID: 'a', resourceVersion: 1 }]);
  });

  test('says with a status which spec had been taken when it was asked for', async () => {
    await using agent = setUp();
    await agent.connect();
    await agent.spec('a', 1);
    agent.taken();
    const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
    const { get } = agent.lister;
    agent.lister.get = async (id) => {
      const status = await get(id);
      await asked;
      return status;
    };

    agent.client.publishStatus('a');
    await agent.clock.settle();
    await agent.spec('a', 2);
    agent.lister.get = get;
    answer();
    await agent.clock.settle();

    assert.deepEqual(
      agent.sent.map(({ resourceversion, data }) => [resourceversion, (data as Have).have]),
      [
        [1, 'took 1'],
        [2, 'took 2'],
      ],
    );
  });

  test('asks for everything again when told to forget the specs', async () => {
    await using agent = setUp();
    await agent.connect();
    await agent.spec('a', 7);
    agent.taken();

    agent.client.forgetSpecs();
    await agent.clock.settle();
    assert.deepEqual(agent.sent[0]?.data, { resourceVersions: [], scope: { of: 1, buckets: [0] } });
    await agent.spec('a', 2);

    assert.deepEqual(
      agent.applied.map(({ version }) => version),
      [7, 2],
    );
  });
});

suite('a status that the agent client retracts', () => {
  test('is said to be gone', async () => {
    await using agent = setUp();
    await agent.connect();
    agent.taken();

    agent.client.retractStatus('a');
    await agent.clock.settle();

    assert.deepEqual(
      agent.sent.map(({ data, resourceid, sequenceid }) => [data, resourceid, sequenceid !== undefined]),
      [[{ gone: ['a'] }, undefined, true]],
    );
  });

  test('is sent where there is one again when the turn comes', async () => {
    await using agent = setUp();
    await agent.connect();
    agent.taken();

    agent.client.retractStatus('a');
    agent.statuses.set('a', { have: 'again', serial: 0 });
    await agent.clock.settle();

    assert.deepEqual(agent.taken(), ['status.update_request a 0']);
  });
});

suite('the agent client answers a list of hashes', () => {
  async function connectWith(given: { digests?: boolean } = {}) {
    const agent = setUp(given);
    for (const id of ['same', 'differs', 'missing']) agent.statuses.set(id, { have: id, serial: 0 });
    await agent.connect();
    agent.taken();
    const statusHashes = [
      { resourceID: 'same', statusHash: agent.codec.hashStatus({ have: 'same', serial: 0 }) },
      { resourceID: 'differs', statusHash: 'abc' },
      { resourceID: 'ended', statusHash: 'def' },
    ];
    return { agent, statusHashes };
  }

  test('that covers everything: with what differs, what is missing there, and what has ended here', async () => {
    const { agent, statusHashes } = await connectWith();

    await agent.receive('status.resync_request', { data: { statusHashes, scope: { of: 1, buckets: [0] } } });

    const note = agent.sent.find(({ resourceid }) => resourceid === undefined);
    assert.deepEqual(note?.data, { gone: ['ended'] });
    assert.ok(note.sequenceid !== undefined);
    assert.deepEqual(agent.taken(), [
      'status.resync_response differs 0',
      'status.resync_response missing 0',
      'status.resync_response',
    ]);
    await agent[Symbol.asyncDispose]();
  });

  test('and says nothing to be gone that there is by then', async () => {
    const { agent, statusHashes } = await connectWith();
    const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
    const { list } = agent.lister;
    agent.lister.list = async () => {
      const listed = await list();
      await asked;
      return listed;
    };

    await agent.receive('status.resync_request', { data: { statusHashes, scope: { of: 1, buckets: [0] } } });
    agent.statuses.set('ended', { have: 'again', serial: 0 });
    agent.client.publishStatus('ended');
    await agent.clock.settle();
    answer();
    await agent.clock.settle();

    const [again, gone] = ['ended', undefined].map((id) => agent.sent.find(({ resourceid }) => resourceid === id));
    assert.deepEqual(gone?.data, { gone: ['ended'] });
    assert.ok(BigInt(again?.sequenceid ?? 0) > BigInt(gone.sequenceid ?? 0));
    await agent[Symbol.asyncDispose]();
  });

  test('that does not say what it covers: with what differs of the ids in it', async () => {
    const { agent, statusHashes } = await connectWith();

    await agent.receive('status.resync_request', { data: { statusHashes } });

    assert.deepEqual(agent.taken(), ['status.resync_response differs 0']);
    await agent[Symbol.asyncDispose]();
  });

  test('that is empty: with everything', async () => {
    const { agent } = await connectWith();

    await agent.receive('status.resync_request', { data: { statusHashes: null } });

    assert.equal(agent.taken().length, 3);
    await agent[Symbol.asyncDispose]();
  });

  test('and says so once the wire has taken all of the answer', async () => {
    await using agent = setUp();
    agent.statuses.set('a', { have: 'x', serial: 0 });
    await agent.connect();
    agent.taken();
    const before = [...agent.answered];

    await agent.receive('status.resync_request', { data: { statusHashes: [] } });
    const told = agent.taken();

    assert.deepEqual(before, []);
    assert.equal(told.length, 1);
    assert.deepEqual(agent.answered, [1]);
  });

  test('with sequence ids above those that the source has seen', async () => {
    const { agent } = await connectWith();

    await agent.receive('status.resync_request', {
      data: { statusHashes: [], scope: { of: 1, buckets: [0] }, sequenceID: '3000000000000000000' },
    });

    assert.ok(agent.sent.every(({ sequenceid }) => BigInt(sequenceid ?? 0) > 3_000_000_000_000_000_000n));
    await agent[Symbol.asyncDispose]();
  });
});

test('to plain Open Cluster Management sources the agent client sends whole lists and no digests', async () => {
  await using agent = setUp({ digests: false });
  await agent.spec('a', 3);

  await agent.connect();
  await agent.clock.advance(60_000);

  assert.ok(agent.sent.length >= 2);
  for (const { data } of agent.sent) {
    assert.deepEqual(data, { resourceVersions: [{ resourceID: 'a', resourceVersion: 3 }] });
  }
});
