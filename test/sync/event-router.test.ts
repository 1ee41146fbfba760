import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import type { EventType } from '../../protocol/event-type.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { createEventRouter } from '../../sync/event-router.ts';
import type { SyncClient } from '../../sync/sync-client.ts';
import { createSyncCounters } from '../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../sync/sync-options.ts';
import { createTestRandom, createWorld } from './world.ts';

const resource = 'io.farhand.test.things';

const common = { cluster: 'agent-1', random: createTestRandom(), options: defaultSyncOptions };

function setUp() {
  const received: EventType[] = [];
  const life: string[] = [];
  const client: SyncClient = {
    resource,
    receive: (type) => received.push(type),
    open: () => void life.push('opened'),
    compare: () => void life.push('compared'),
    close: async () => void life.push('closed'),
    async [Symbol.asyncDispose]() {},
  };
  const counters = createSyncCounters();
  const clock = createVirtualClock();
  const router = createEventRouter({ ...common, clients: [client], clock, logger: silentLogger, counters });
  return { router, received, life, clock, counts: counters.counts };
}

function createEvent(type: string, fields: Partial<CloudEvent> = {}): CloudEvent {
  return { specversion: '1.0', id: '1', source: 'hub', type, clustername: 'agent-1', ...fields };
}

suite('the event router', () => {
  test('hands an event to the client of its resource type', () => {
    const { router, received } = setUp();

    router.receive(createEvent(`${resource}.spec.update_request`));

    assert.deepEqual(received, [{ resource, part: 'spec', action: 'update_request' }]);
  });

  test('drops and counts what is for nobody here', () => {
    const { router, received, counts } = setUp();

    router.receive(createEvent('io.farhand.test.others.spec.update_request'));
    router.receive(createEvent(`${resource}.spec.update_request`, { clustername: 'agent-2' }));
    router.receive(createEvent(`${resource}.spec.update_request`, { clustername: '' }));
    router.receive(createEvent('io.open-cluster-management.cloudevents.heartbeat'));

    assert.deepEqual(received, []);
    assert.equal(counts['unknown-resource'], 1);
    assert.equal(counts['wrong-cluster'], 2);
    assert.equal(counts.malformed, 1);
  });

  test('names a resource that it does not know once, however often it is told of it', () => {
    const lines: unknown[] = [];
    const logger = { ...silentLogger, info: (fields: unknown) => void lines.push(fields) };
    const counters = createSyncCounters();
    const router = createEventRouter({ ...common, clients: [], clock: createVirtualClock(), logger, counters });

    for (const name of ['weather', 'weather', 'tides', 'weather'])
      router.receive(createEvent(`io.farhand.test.${name}.status.update_request`));

    assert.deepEqual(lines, [{ resource: 'io.farhand.test.weather' }, { resource: 'io.farhand.test.tides' }]);
    assert.equal(counters.counts['unknown-resource'], 4);
  });

  test('takes a resync request that names no agent as meant for all', () => {
    const { router, received } = setUp();

    router.receive(createEvent(`${resource}.status.resync_request`, { clustername: '' }));

    assert.equal(received.length, 1);
  });

  test('serves a link to every client', async () => {
    const { router, life, clock } = setUp();
    const cut = new AbortController();

    const served = router.serve(async () => {}, { signal: cut.signal });
    await clock.advance(defaultSyncOptions.periodMs);
    cut.abort();
    await served;

    assert.deepEqual(life, ['opened', 'compared', 'closed']);
    assert.equal(clock.pending, 0);
  });

  test('with real clients survives whatever comes in', async () => {
    const action = fc.constantFrom('create_request', 'update_request', 'resync_request', 'resync_response');
    const listed = fc.record({ resourceID: fc.string(), resourceVersion: fc.integer(), statusHash: fc.string() });
    const data = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          resourceVersions: fc.oneof(fc.constant(null), fc.array(listed)),
          statusHashes: fc.oneof(fc.constant(null), fc.array(listed)),
          scope: fc.record({ of: fc.integer({ min: 0, max: 8 }), buckets: fc.array(fc.integer({ min: -1, max: 9 })) }),
          digest: fc.record({ of: fc.integer({ min: 0, max: 2 }), sums: fc.constantFrom('', 'AAAAAAAAAAA=', '%') }),
          sequenceID: fc.oneof(fc.constant('7'), fc.string()),
          gone: fc.array(fc.string()),
        },
        { requiredKeys: [] },
      ),
    );
    const event = fc.record(
      {
        action,
        part: fc.constantFrom('spec', 'status'),
        resourceid: fc.constantFrom('', 'a', 'b'),
        resourceversion: fc.nat(3),
        sequenceid: fc.nat(3).map(String),
        deletiontimestamp: fc.constant('2026-01-01T00:00:00Z'),
        data,
      },
      { requiredKeys: ['action', 'part'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event), fc.boolean(), async (events, deleteUnknown) => {
        await using world = createWorld({ deleteUnknown });
        world.want('a', 'one');
        world.have('b', 'two');
        await world.connect();

        for (const { action, part, data, ...fields } of events) {
          const type = `${resource}.${part}.${action}`;
          const whole = createEvent(type, { ...fields, ...(data === undefined ? {} : { data: data as never }) });
          world.inject(whole);
        }
        await world.clock.advance(1_000);

        assert.equal(world.counters['handler-failed'], 0);
      }),
    );
  });
});
