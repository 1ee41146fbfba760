import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Arrivals } from '../../../hub/control/arrivals.ts';
import { ControlService } from '../../../hub/control/control-service.ts';
import type { CloudEvent } from '../../../protocol/cloud-event.ts';
import { formatEventType, resourceTypes } from '../../../protocol/event-type.ts';
import { type AgentHello, HubHello, protocolVersion } from '../../../protocol/hello.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createEventWriter } from '../../../sync/event-writer.ts';
import { createSyncCounters } from '../../../sync/sync-counters.ts';
import { defaultSyncOptions } from '../../../sync/sync-options.ts';
import type { CloseOptions, CloseReason } from '../../../transports/channel.ts';
import { createInbox } from '../../../transports/inbox.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench, type SchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

/** A control channel whose other end says what the test says: nothing but that. Closing it takes until `mayClose`. */
function createQuietChannel(mayClose: Promise<void> = Promise.resolve()) {
  const inbox = createInbox<CloudEvent>({ maxBytes: 1024, onFull: () => {}, onRoom: () => {} });
  const { promise: closed, resolve } = Promise.withResolvers<CloseReason>();
  const sent: CloudEvent[] = [];
  const farewells: CloseOptions[] = [];
  const close = async (options: CloseOptions = {}) => {
    farewells.push(options);
    await mayClose;
    inbox.end();
    resolve({ type: 'local' });
  };
  return {
    id: 'quiet',
    async send(event: CloudEvent) {
      sent.push(event);
    },
    closed,
    close,
    /** Said by the hub. */
    sent,
    /** What the hub closed it with. */
    farewells,
    say: (event: CloudEvent) => inbox.push(event, 1),
    [Symbol.asyncDispose]: () => close(),
    [Symbol.asyncIterator]: () => inbox[Symbol.asyncIterator](),
  };
}

type QuietChannel = ReturnType<typeof createQuietChannel>;

function hellosOf(channel: QuietChannel): readonly HubHello[] {
  const type = formatEventType({ resource: resourceTypes.hubs, part: 'status', action: 'update_request' });
  return channel.sent.filter((event) => event.type === type).map(({ data }) => HubHello.parse(data));
}

function createService({ store, fleet, clock }: SchedulerBench): ControlService {
  return new ControlService({
    store,
    fleet,
    clock,
    random: systemRandom,
    logger: silentLogger,
    counters: createSyncCounters(),
    sync: defaultSyncOptions,
    owner: 'test',
    version: '0.0.0',
    onGreeted: async () => null,
    onDeclined: () => {},
    onResynced: () => {},
    onGone: () => {},
    loops: createLoopBoard(clock),
    arrivals: new Arrivals({ clock, random: systemRandom }),
  });
}

function helloOf({ protocols }: Pick<AgentHello, 'protocols'>): CloudEvent {
  const writer = createEventWriter({ source: 'agent', cluster: 'agent', clock: systemClock, random: systemRandom });
  const type = { resource: resourceTypes.agents, part: 'status', action: 'update_request' } as const;
  return writer.write(type, {}, { version: '9.9.9', bootId: 'boot', protocols: [...protocols], attempts: 0 });
}

describe('a control channel', () => {
  it('is closed, and its agent not taken for online, when no hello comes', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    await using service = createService(bench);
    const channel = createQuietChannel();
    service.accept({ type: 'control', principal: { id, account: 'default', name: 'a1' }, remote: '', channel });
    await bench.settle();
    const before = bench.fleet.get(id)?.leaseEpoch;

    await bench.clock.advance(10_000);
    await bench.settle();

    assert.equal(before, 2);
    assert.equal(bench.fleet.get(id)?.leaseEpoch, null);
    assert.deepEqual(await channel.closed, { type: 'local' });
  });

  async function connect(bench: SchedulerBench, service: ControlService, id: string): Promise<QuietChannel> {
    const channel = createQuietChannel();
    service.accept({ type: 'control', principal: { id, account: 'default', name: 'a1' }, remote: '', channel });
    await bench.settle();
    return channel;
  }

  async function greet(bench: SchedulerBench, service: ControlService, id: string): Promise<QuietChannel> {
    const channel = await connect(bench, service, id);
    channel.say(helloOf({ protocols: [protocolVersion] }));
    await bench.settle();
    return channel;
  }

  const leaseOf = async ({ store }: SchedulerBench, id: string) => {
    const { owner, epoch } = (await store.queries.agent(id))?.lease ?? {};
    return { owner, epoch };
  };

  it('says under which lease it is served, ends an older one, and the end of that gives back nothing of the newer', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    await using service = createService(bench);

    const older = await greet(bench, service, id);
    const newer = await greet(bench, service, id);

    assert.deepEqual([hellosOf(older)[0]?.leaseEpoch, hellosOf(newer)[0]?.leaseEpoch], [2, 3]);
    assert.equal(older.farewells[0]?.reason, 'replaced');
    assert.deepEqual(newer.farewells, []);
    assert.equal(service.count, 1);
    assert.equal(bench.fleet.get(id)?.leaseEpoch, 3);
    assert.deepEqual(await leaseOf(bench, id), { owner: 'test', epoch: 3 });
    await newer.close();
    await bench.settle();
    assert.deepEqual(await leaseOf(bench, id), { owner: null, epoch: 3 });
  });

  it('is let go when another hub has taken the lease of its agent, and kept as long as none has', async () => {
    await using bench = await createSchedulerBench();
    const [mine, theirs] = [await bench.agent('a1'), await bench.agent('a2')];
    await using service = createService(bench);
    const kept = await connect(bench, service, mine.id);
    const lost = await connect(bench, service, theirs.id);
    const at = bench.clock.now();
    await bench.store.apply('take-lease', { agentId: theirs.id, owner: 'other hub', expiresAt: at + 60_000, at });

    await service.renewLeases();
    await bench.settle();

    assert.deepEqual(kept.farewells, []);
    assert.equal(lost.farewells[0]?.reason, 'replaced');
    assert.deepEqual(await leaseOf(bench, theirs.id), { owner: 'other hub', epoch: 3 });
  });

  it('is told how far the store has come when its agent was given something, and not again before there is more', async () => {
    await using bench = await createSchedulerBench();
    const [busy, idle] = [await bench.agent('a1', { slots: 2 }), await bench.agent('a2', { slots: 0 })];
    await bench.submit();
    await bench.settle();
    const [attempt] = busy.offers;
    assert.ok(attempt);
    await using service = createService(bench);
    const [told, untold] = [await greet(bench, service, busy.id), await greet(bench, service, idle.id)];
    await bench.submit({ automation: 'nobody-has-it' });

    service.attemptChanged(attempt);
    await service.tellCommits();
    await service.tellCommits();
    service.attemptChanged(attempt);
    await service.tellCommits();

    const [, ...later] = hellosOf(told);
    assert.deepEqual(
      later.map(({ commits, leaving }) => [commits, leaving]),
      [[bench.store.commits(), null]],
    );
    assert.equal(hellosOf(untold).length, 1);
  });

  it('is told at once of an attempt that is to be cancelled, and of no other change', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1');
    await bench.submit();
    await bench.settle();
    const [attempt] = agent.offers;
    assert.ok(attempt);
    await using service = createService(bench);
    const channel = await greet(bench, service, agent.id);
    const specs = () => channel.sent.flatMap(({ resourceid, data }) => (resourceid === attempt.id ? [data] : []));
    const before = specs().length;

    service.attemptChanged({ ...attempt, specVersion: 2 });
    await bench.settle();
    assert.equal(specs().length, before);
    service.attemptChanged({ ...attempt, specVersion: 3, desired: 'cancel' });
    await bench.settle();

    assert.equal((specs()[before] as { readonly desired?: string } | undefined)?.desired, 'cancel');
  });

  it('is closed with a word on why, and when to come back, where its agent speaks no protocol of this hub', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    await using service = createService(bench);
    const channel = await connect(bench, service, id);

    channel.say(helloOf({ protocols: [protocolVersion + 7] }));
    await bench.settle();

    assert.match(channel.farewells[0]?.reason ?? '', /protocol 8/);
    assert.equal(channel.farewells[0]?.retryAfterMs, 60_000);
    assert.equal(bench.fleet.get(id)?.leaseEpoch, null);
  });

  it('that is new outlives the renewal of leases, also while the one before it takes its time to close', async () => {
    await using bench = await createSchedulerBench();
    const principal = { ...(await bench.agent('a1')), account: 'default', name: 'a1' };
    await using service = createService(bench);
    const { promise: mayClose, resolve: letClose } = Promise.withResolvers<void>();
    const before = createQuietChannel(mayClose);
    const next = createQuietChannel();
    service.accept({ type: 'control', principal, remote: '', channel: before });
    await bench.settle();
    service.accept({ type: 'control', principal, remote: '', channel: next });
    await bench.settle();

    const renewed = service.renewLeases();
    await bench.settle();
    const first = await Promise.race([next.closed.then(() => 'closed'), Promise.resolve('open')]);
    letClose();
    await renewed;

    assert.equal(first, 'open');
    assert.equal(bench.fleet.get(principal.id)?.leaseEpoch, 3);
  });
});
