import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { type Random, systemRandom } from '../../runtime/random.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import type { ControlChannel } from '../../transports/control-transport.ts';
import type { Credential } from '../../transports/credential.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createMemoryListener } from '../../transports/memory/listener.ts';
import { createMemoryTransport } from '../../transports/memory/memory-transport.ts';
import { createMemoryNetwork } from '../../transports/memory/network.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { watch } from '../support/turns.ts';

checkLeaks();

const credential: Credential = { present: () => Promise.resolve('agent-1') };
const forever = new AbortController().signal;

/** The same series of chances each time. */
function repeatable(): Random {
  let state = 1;
  return {
    ...systemRandom,
    fraction() {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    },
  };
}

function startNetwork() {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock, random: repeatable() });
  const common = { network, address: 'hub', clock, limits: defaultLimits, logger: silentLogger };
  const listener = createMemoryListener({
    ...common,
    authenticate: () => Promise.resolve({ type: 'admitted', principal: 'agent-1' }),
  });
  const transport = createMemoryTransport(common);
  const open = async () => {
    const dialling = transport.control.connect(credential, { signal: forever });
    const accepting = listener[Symbol.asyncIterator]().next();
    await clock.advance(4 * network.faults.latencyMs);
    const agent = await dialling;
    const accepted = await accepting;
    assert.ok(accepted.done !== true && accepted.value.type === 'control');
    return { agent, hub: accepted.value.channel };
  };
  return { clock, network, open, transport, listener, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

function event(id: number): CloudEvent {
  return { specversion: '1.0', id: String(id), source: 'test', type: 'a.b.c.spec.create_request' };
}

/** Ids in the order they came; complete when the channel is closed. */
function collect(channel: ControlChannel): string[] {
  const ids: string[] = [];
  void (async () => {
    for await (const { id } of channel) ids.push(id);
  })();
  return ids;
}

const hundred = Array.from({ length: 100 }, (_, index) => String(index));

async function sendHundred(channel: ControlChannel): Promise<void> {
  for (let id = 0; id < 100; id += 1) await channel.send(event(id));
}

describe('memory network', () => {
  it('delays packets on its clock and keeps their order, jitter or not', async () => {
    await using started = startNetwork();
    started.network.faults.latencyMs = 20;
    started.network.faults.jitterMs = 50;
    const { agent, hub } = await started.open();
    const ids = collect(hub);

    await sendHundred(agent);
    await started.clock.advance(19);
    assert.deepEqual(ids, []);
    await started.clock.advance(51);

    assert.deepEqual(ids, hundred);
    started.network.faults.latencyMs = 0;
    started.network.faults.jitterMs = 0;
    await agent.close();
  });

  it('drops some events', async () => {
    await using started = startNetwork();
    const { agent, hub } = await started.open();
    const ids = collect(hub);
    started.network.faults.drop = 0.5;

    await sendHundred(agent);
    await started.clock.settle();

    assert.ok(ids.length > 20 && ids.length < 80, `got ${ids.length}`);
    assert.deepEqual(
      ids,
      hundred.filter((id) => ids.includes(id)),
    );
    await agent.close();
  });

  it('doubles some events', async () => {
    await using started = startNetwork();
    const { agent, hub } = await started.open();
    const ids = collect(hub);
    started.network.faults.double = 0.5;

    await sendHundred(agent);
    await started.clock.settle();

    assert.ok(ids.length > 120 && ids.length < 180, `got ${ids.length}`);
    assert.deepEqual([...new Set(ids)], hundred);
    await agent.close();
  });

  it('lets some events come late, behind others', async () => {
    await using started = startNetwork();
    const { agent, hub } = await started.open();
    const ids = collect(hub);
    started.network.faults.late = 0.5;

    await sendHundred(agent);
    await started.clock.settle();
    const early = ids.length;
    await started.clock.advance(started.network.faults.lateMs);

    assert.ok(early < 80, `got ${early}`);
    assert.equal(ids.length, 100);
    assert.deepEqual(new Set(ids), new Set(hundred));
    await agent.close();
  });

  it('does the same again with the same chances', async () => {
    const runs = [];
    for (let run = 0; run < 2; run += 1) {
      await using started = startNetwork();
      const { agent, hub } = await started.open();
      const ids = collect(hub);
      Object.assign(started.network.faults, { drop: 0.2, double: 0.2, late: 0.2, latencyMs: 3, jitterMs: 10 });
      await sendHundred(agent);
      await started.clock.advance(5_000);
      runs.push(ids);
      await agent.close({ signal: AbortSignal.abort() });
      await started.clock.advance(100);
    }

    assert.deepEqual(runs[0], runs[1]);
  });

  it('never loses what a session carries', async () => {
    await using started = startNetwork();
    const target = { attempt: '0198c5f2-7d3a-7cc1-9a51-3f0f5be0a001', credential };
    Object.assign(started.network.faults, { drop: 1, double: 1 });
    const agent = await started.transport.session.openSession(target, { signal: forever });
    const accepted = await started.listener[Symbol.asyncIterator]().next();
    assert.ok(accepted.done !== true && accepted.value.type === 'session');
    const reader = accepted.value.channel[Symbol.asyncIterator]();

    for (const offset of [0, 10, 20]) await agent.send({ type: 'log', offset, at: 0, bytes: new Uint8Array(10) });

    for (const offset of [0, 10, 20]) {
      const { value } = await reader.next();
      assert.ok(value?.type === 'log' && value.offset === offset);
    }
    await agent.close();
  });

  it('cuts a connection behind a message', async () => {
    await using started = startNetwork();
    started.network.watch((connection) => connection.cutAfter('up', { messages: 3 }));
    const { agent, hub } = await started.open();
    const ids = collect(hub);

    for (let id = 0; id < 3; id += 1) await agent.send(event(id));
    await started.clock.settle();
    assert.deepEqual(ids, ['0', '1', '2']);
    await agent.send(event(3));

    assert.equal((await hub.closed).type, 'failure');
    assert.equal((await agent.closed).type, 'failure');
    assert.deepEqual(ids, ['0', '1', '2']);
    assert.equal(started.network.connections.length, 0);
  });

  it('keeps packets to itself while it holds them', async () => {
    await using started = startNetwork();
    const { agent, hub } = await started.open();
    const ids = collect(hub);
    started.network.connections[0]?.hold('up');

    await sendHundred(agent);
    await started.clock.settle();
    assert.deepEqual(ids, []);
    started.network.connections[0]?.release('up');
    await started.clock.settle();

    assert.deepEqual(ids, hundred);
    await agent.close();
  });

  it('refuses dials, or leaves them without an answer', async () => {
    await using started = startNetwork();
    const { control } = started.transport;
    started.network.faults.dials = 'refused';
    await assert.rejects(control.connect(credential, { signal: forever }), { code: 'unreachable' });

    started.network.faults.dials = 'hanging';
    const hanging = control.connect(credential, { signal: forever });
    const rejected = assert.rejects(hanging, { code: 'unreachable' });
    const watched = watch(hanging);
    await started.clock.advance(defaultLimits.dialMs - 1);
    assert.equal(watched.settled, false);
    await started.clock.advance(1);

    await rejected;
    assert.equal(started.clock.pending, 0);
  });
});
