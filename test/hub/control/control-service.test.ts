import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Arrivals } from '../../../hub/control/arrivals.ts';
import { ControlService, type ControlServiceOptions } from '../../../hub/control/control-service.ts';
import { AgentDesired } from '../../../protocol/agent-report.ts';
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
import { reportOf } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createSchedulerBench, type SchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

const earlierStart = '22222222-2222-4222-8222-222222222222';

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

function createService(
  { store, fleet, clock }: Pick<SchedulerBench, 'store' | 'fleet' | 'clock'>,
  {
    onGreeted = async () => null,
    arrivals = new Arrivals({ clock, random: systemRandom }),
  }: Partial<Pick<ControlServiceOptions, 'onGreeted' | 'arrivals'>> = {},
): ControlService {
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
    onGreeted,
    onDeclined: () => {},
    onResynced: () => {},
    onGone: () => {},
    loops: createLoopBoard(clock),
    arrivals,
  });
}

const agentStatus = { resource: resourceTypes.agents, part: 'status', action: 'update_request' } as const;

function helloOf({ protocols, seen }: Pick<AgentHello, 'protocols'> & Partial<Pick<AgentHello, 'seen'>>): CloudEvent {
  const writer = createEventWriter({ source: 'agent', cluster: 'agent', clock: systemClock, random: systemRandom });
  const hello = { version: '9.9.9', bootId: 'boot', protocols: [...protocols], attempts: 0 };
  return writer.write(agentStatus, {}, seen === undefined ? hello : { ...hello, seen });
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

  it('stays open after its hello, however long that is ago', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    await using service = createService(bench);
    const channel = await greet(bench, service, id);

    await bench.clock.advance(60_000);
    await bench.settle();

    assert.deepEqual(channel.farewells, []);
    assert.equal(bench.fleet.get(id)?.leaseEpoch, 2);
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

  it('tells of the count of commits by which its agent was judged, though there are more by then', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    const judged: number[] = [];
    const onGreeted: ControlServiceOptions['onGreeted'] = async (_agent, { commits }) => {
      judged.push(commits);
      await bench.submit({ automation: 'nobody-has-it' });
      return null;
    };
    await using service = createService(bench, { onGreeted });

    const channel = await greet(bench, service, id);

    const [hello] = hellosOf(channel);
    assert.deepEqual([hello?.commits], judged);
    assert.ok(bench.store.commits() > (hello?.commits ?? 0));
  });

  it('says of the start that its agent has seen how many commits that has had, which are all of them while it goes on', async () => {
    await using bench = await createSchedulerBench();
    const [agent, earlier] = [await bench.agent('a1'), await bench.agent('a2')];
    const { storeId, startId } = bench.store;
    await using service = createService(bench, { onGreeted: async () => 1 });
    const [channel, other] = [await connect(bench, service, agent.id), await connect(bench, service, earlier.id)];
    const protocols = [protocolVersion];

    channel.say(helloOf({ protocols, seen: { storeId, startId, commits: 1, leaseEpoch: 1 } }));
    other.say(helloOf({ protocols, seen: { storeId, startId: earlierStart, commits: 1, leaseEpoch: 1 } }));
    await bench.settle();
    await service.tellLeaving();

    const [first, second] = hellosOf(channel);
    assert.deepEqual([first?.commitsOfSeen, second?.commitsOfSeen], [first?.commits, second?.commits]);
    assert.deepEqual(
      hellosOf(other).map(({ commitsOfSeen }) => commitsOfSeen),
      [1, 1],
    );
  });

  it('says that the hub is leaving from then on, whatever else it tells', async () => {
    await using bench = await createSchedulerBench();
    const agent = await bench.agent('a1', { slots: 2 });
    await bench.submit();
    await bench.settle();
    const [attempt] = agent.offers;
    assert.ok(attempt);
    await using service = createService(bench);
    const channel = await greet(bench, service, agent.id);

    await service.tellLeaving();
    await bench.submit({ automation: 'nobody-has-it' });
    service.attemptChanged(attempt);
    await service.tellCommits();

    const [before, leaving, after] = hellosOf(channel);
    assert.equal(before?.leaving, null);
    assert.ok((leaving?.leaving?.reconnectInMs ?? 0) >= 500);
    assert.deepEqual(after?.leaving, leaving?.leaving);
  });

  it('is served until what its agent said is stored, or has come to nothing', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    const { promise: mayStore, resolve: letStore } = Promise.withResolvers<void>();
    const slow: SchedulerBench['store'] = {
      ...bench.store,
      async apply(name, input) {
        if (name === 'record-agent-report') await mayStore;
        return bench.store.apply(name, input);
      },
    };
    await using service = createService({ ...bench, store: slow });
    const channel = await greet(bench, service, id);
    const writer = createEventWriter({ source: 'agent', cluster: id, clock: systemClock, random: systemRandom });
    const report = { ...reportOf({}), bootId: 'another' };
    channel.say(writer.write(agentStatus, { resourceid: id, resourceversion: 1, sequenceid: '1' }, report));
    await bench.settle();

    await channel.close();
    await bench.settle();
    const during = await leaseOf(bench, id);
    letStore();
    await bench.settle();

    assert.deepEqual(during, { owner: 'test', epoch: 2 });
    assert.deepEqual(await leaseOf(bench, id), { owner: null, epoch: 2 });
    assert.equal((await bench.store.queries.agent(id))?.report?.bootId, 'another');
  });

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
    service.attemptChanged({ ...attempt, specVersion: 4, desired: 'cancel', state: 'ended' });
    await bench.settle();
    assert.equal(specs().length, before + 1);
  });

  it('is told at once what is wished of its agent now, and once', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    await using service = createService(bench);
    const channel = await greet(bench, service, id);
    const wishes = () =>
      channel.sent.flatMap(({ resourceid, data }) => (resourceid === id ? [AgentDesired.parse(data)] : []));
    const wish = { account: 'default', name: 'a1', actor: 'test', at: bench.clock.now() };
    const before = wishes().length;

    await bench.store.apply('set-agent-desired', {
      ...wish,
      desired: { schedulable: false, drain: true, note: 'disk' },
    });
    service.agentChanged(id);
    await bench.settle();
    service.agentChanged(id);
    await bench.settle();

    assert.deepEqual(
      wishes()
        .slice(before)
        .map(({ drain, note }) => [drain, note]),
      [[true, 'disk']],
    );
  });

  it('is served with what was wished of its agent while it came', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    await using service = createService(bench);
    using _ = bench.store.subscribe((changes) => {
      for (const change of changes) if (change.type === 'agent') service.agentChanged(change.agentId);
    });
    const wish = { account: 'default', name: 'a1', actor: 'test', at: bench.clock.now() };

    service.accept({
      type: 'control',
      principal: { id, account: 'default', name: 'a1' },
      remote: '',
      channel: createQuietChannel(),
    });
    // In the commit in which it gets its lease, and behind it.
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    await bench.store.apply('set-agent-desired', { ...wish, desired: { schedulable: false, drain: true, note: null } });
    await bench.settle();

    assert.deepEqual([bench.fleet.get(id)?.leaseEpoch, bench.fleet.get(id)?.schedulable], [2, false]);
  });

  it('gives its place at the door back when it ends before its agent has arrived', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    const arrivals = new Arrivals({ clock: bench.clock, random: systemRandom });
    const entry = arrivals.enter();
    assert.ok(entry.type === 'entered');
    arrivals.keep(id, entry.place);
    await using service = createService(bench, { arrivals });
    const channel = await connect(bench, service, id);
    const before = arrivals.arriving;

    await channel.close();
    await bench.settle();

    assert.deepEqual([before, arrivals.arriving], [1, 0]);
  });

  it('is told when to come back when the hub stops', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    const service = createService(bench);
    const channel = await greet(bench, service, id);

    await service[Symbol.asyncDispose]();

    assert.equal(channel.farewells[0]?.reason, 'the hub is stopping');
    assert.ok((channel.farewells[0]?.retryAfterMs ?? 0) > 0);
  });

  it('gives its place at the door back when it is sent away', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    await bench.store.apply('revoke-agent', {
      account: 'default',
      name: 'a1',
      loseJobs: null,
      note: null,
      actor: 'test',
      at: bench.clock.now(),
    });
    const arrivals = new Arrivals({ clock: bench.clock, random: systemRandom });
    const entry = arrivals.enter();
    assert.ok(entry.type === 'entered');
    arrivals.keep(id, entry.place);
    await using service = createService(bench, { arrivals });

    const channel = await connect(bench, service, id);

    assert.equal(channel.farewells[0]?.reason, 'unknown agent');
    assert.equal(arrivals.arriving, 0);
  });

  it('that came while the hub stops is sent away before it has stopped', async () => {
    await using bench = await createSchedulerBench();
    const { id } = await bench.agent('a1');
    const service = createService(bench);
    const channel = createQuietChannel();
    service.accept({ type: 'control', principal: { id, account: 'default', name: 'a1' }, remote: '', channel });

    await service[Symbol.asyncDispose]();

    assert.deepEqual(
      channel.farewells.map(({ reason }) => reason),
      ['the hub is stopping'],
    );
    assert.ok((channel.farewells[0]?.retryAfterMs ?? 0) > 0);
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
