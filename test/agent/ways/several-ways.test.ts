import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { attempt, createWaysBench, type WaysBench } from './ways-bench.ts';

checkLeaks();

const minute = 60_000;
const forever = new AbortController().signal;

/** One session on the way that is used, to its end: of an attempt that the hub does not know, which it says when it is asked. */
async function trySession(bench: WaysBench): Promise<void> {
  const pass = await bench.link.gate.enter(forever);
  if (pass === null) throw new Error('expected to be let in');
  const target = { attempt, credential: { present: async () => 'agent' } };
  const channel = await pass.transport.openSession(target, { signal: forever });
  const { leaseEpoch } = pass;
  const needs = { rawBytes: 0, needsDocument: true, needsSecrets: true };
  await channel.send({ type: 'open', attempt, leaseEpoch, opens: 1, folderId: attempt, have: 'claimed', ...needs });
  for await (const frame of channel) if (frame.type === 'error') break;
  await channel.close();
}

/** As many, over as long, as speak against a way. */
async function failSessions(bench: WaysBench): Promise<void> {
  for (let time = 0; time < 3; time += 1) {
    await assert.rejects(trySession(bench), { code: 'unreachable' });
    await bench.pass(5_000);
  }
}

test('An agent takes the first way that works, in their order, and stays there', async () => {
  await using bench = await createWaysBench(['a', 'b', 'c']);
  bench.set('a', 'down');
  await bench.pass(5_000);

  assert.deepEqual(bench.dials, ['a control', 'b control']);
  assert.deepEqual([bench.link.state.type, bench.taken], ['up', ['b at 0 s']]);
});

test('An agent whose way breaks dials it once more, then the next, and has a channel again without waiting', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  await bench.pass(5 * minute);
  bench.set('a', 'down');
  bench.cut('a');
  await bench.pass(1_000);

  assert.deepEqual(bench.taken, ['a at 0 s', 'b at 300.125 s']);
});

test('An agent goes back to the better way when that holds, and has a channel all the while', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  bench.set('a', 'down');
  await bench.pass(5_000);
  bench.set('a', 'up');
  const states = new Set<string>();
  for (let second = 0; second < 60; second += 1) {
    await bench.pass(1_000);
    states.add(bench.link.state.type);
  }

  // After the 10 s for which it was behind, and 5 s for which a session was held there.
  assert.deepEqual(bench.taken, ['b at 0 s', 'a at 15 s']);
  assert.deepEqual([...states], ['up']);
  assert.deepEqual(
    bench.network.connections.map(({ address, target }) => `${address} ${target}`),
    ['a /v1/control'],
  );
});

test('A better way that is still down is looked at less and less often, and nothing else happens', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  bench.set('a', 'down');
  await bench.pass(30 * minute);

  const looks = bench.dials.filter((dial) => dial === 'a session').length;
  assert.deepEqual(bench.taken, ['b at 0 s']);
  assert.ok(looks >= 6 && looks <= 9, `expected about 8 looks in half an hour, got ${looks}`);
  assert.equal(bench.dials.filter((dial) => dial === 'b control').length, 1);
});

test('A better way whose sessions break is not gone back to', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  bench.set('a', 'down');
  await bench.pass(1_000);
  bench.set('a', 'cuts sessions');
  await bench.pass(30 * minute);

  assert.deepEqual(bench.taken, ['b at 0 s']);
});

test('A better way that takes every dial and keeps no control channel is gone back to less and less often', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  bench.set('a', 'cuts control');
  await bench.pass(60 * minute);

  const returns = bench.taken.filter((taken) => taken.startsWith('a')).length;
  assert.ok(returns >= 8 && returns <= 16, `expected about a dozen tries in an hour, got ${returns}`);
  assert.equal(bench.link.state.type, 'up');
});

test('When no way works all are dialled in turn, again and again, and the first that works is taken', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  bench.set('a', 'down');
  bench.set('b', 'down');
  await bench.pass(10 * minute);
  assert.equal(bench.link.state.type, 'waiting');
  assert.match(
    bench.link.state.type === 'waiting' ? bench.link.state.why : '',
    /^a: unreachable: nobody listens at a; b: unreachable: nobody listens at b$/,
  );
  bench.set('a', 'up');
  await bench.pass(16_000);

  assert.equal(bench.taken.length, 1);
  assert.match(bench.taken[0] ?? '', /^a at /);
});

test('Sessions go the way of the control channel, and with the lease that was taken there', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  bench.set('a', 'down');
  await bench.pass(1_000);
  const first = await bench.link.gate.enter(forever);
  bench.set('a', 'up');
  await bench.pass(minute);
  const second = await bench.link.gate.enter(forever);
  bench.dials.length = 0;
  for (const pass of [first, second]) {
    const target = { attempt, credential: { present: async () => 'agent' } };
    await (await pass?.transport.openSession(target, { signal: forever }))?.close();
  }

  assert.deepEqual(bench.dials, ['b session', 'a session']);
  assert.deepEqual([first?.leaseEpoch, second?.leaseEpoch], [1, 2]);
});

test('A way on which no session comes to anything is left for one on which they do, though its control channel stands', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  await bench.pass(1_000);
  bench.set('a', 'no sessions');
  await failSessions(bench);
  await bench.pass(1_000);

  assert.deepEqual(
    bench.taken.map((taken) => taken.slice(0, 1)),
    ['a', 'b'],
  );
  assert.equal(bench.link.state.type, 'up');
  assert.match(bench.link.ways[0]?.why ?? '', /sessions that were opened there came to nothing/);
});

test('A way on which a session was answered again is kept, though another was waited for meanwhile', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  await bench.pass(1_000);
  bench.set('a', 'no sessions');
  bench.set('b', 'down');
  await failSessions(bench);
  await bench.pass(1_000);
  bench.set('a', 'up');
  bench.set('b', 'up');
  await trySession(bench);
  await bench.pass(5 * minute);

  assert.deepEqual(bench.taken, ['a at 0 s']);
  assert.deepEqual(
    bench.link.ways.map(({ state }) => state),
    ['used', 'failed'],
  );
});

test('A hub that leaves is left on the same way where sessions came to nothing and no other way works', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  const [hub] = bench.hubs;
  if (hub === undefined) throw new Error('expected a hub');
  await bench.pass(1_000);
  bench.set('a', 'no sessions');
  bench.set('b', 'down');
  await failSessions(bench);
  await bench.pass(1_000);
  hub.leaving = { reconnectInMs: 1_000 };
  await hub.hello();
  hub.leaving = null;
  bench.dials.length = 0;
  await bench.pass(10_000);

  assert.ok(bench.dials.includes('a control'), bench.dials.join(', '));
  assert.equal(bench.link.state.type, 'up');
});

test('A better way that is being tried when the hub leaves is dialled when that hub asks for it', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  const [hub] = bench.hubs;
  if (hub === undefined) throw new Error('expected a hub');
  bench.set('a', 'down');
  await bench.pass(5_000);
  bench.set('a', 'up');
  await bench.pass(7_000);
  const tried = bench.dials.at(-1);
  hub.leaving = { reconnectInMs: 30_000 };
  await hub.hello();
  hub.leaving = null;
  await bench.pass(29_000);
  const soFar = [...bench.taken];
  await bench.pass(5_000);

  assert.equal(tried, 'a session');
  assert.deepEqual(soFar, ['b at 0 s']);
  assert.match(bench.taken.at(-1) ?? '', /^a at 4/);
});

test('A way that leads to another hub gets no session, and is left when the right one is there again', async () => {
  await using bench = await createWaysBench(['a', 'b'], {
    hubs: 'each',
    judge: ({ storeId }) =>
      storeId === bench.hubs[0]?.storeId ? { type: 'trusted' } : { type: 'changed', message: 'it has another store' },
  });
  await bench.pass(2 * minute);
  bench.set('a', 'down');
  bench.cut('a');
  await bench.pass(1_000);
  const before = bench.link.state.type;
  const entering = new AbortController();
  const entered = bench.link.gate.enter(entering.signal);
  await bench.pass(5_000);
  entering.abort();
  assert.deepEqual([before, await entered], ['distrusted', null]);
  bench.set('a', 'up');
  await bench.pass(2 * minute);

  assert.deepEqual([bench.link.state.type, bench.taken.at(-1)?.slice(0, 1)], ['up', 'a']);
});

test('A hub that leaves is left for another channel on the best way that works, and the agent looks for better ones from there', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  const [hub] = bench.hubs;
  await bench.pass(2 * minute);
  bench.set('a', 'down');
  if (hub === undefined) throw new Error('expected a hub');
  hub.leaving = { reconnectInMs: 1_000 };
  await hub.hello();
  hub.leaving = null;
  await bench.pass(10_000);
  bench.set('a', 'up');
  await bench.pass(minute);

  assert.deepEqual(
    bench.taken.map((taken) => taken.slice(0, 1)),
    ['a', 'b', 'a'],
  );
  assert.equal(bench.link.state.type, 'up');
});

test('A way that the agent leaves by itself, to be heard anew by a hub that is trusted now, is taken again and not blamed', async () => {
  let isTrusted = false;
  await using bench = await createWaysBench(['a', 'b'], {
    judge: () => (isTrusted ? { type: 'trusted' } : { type: 'changed', message: 'it has another store' }),
    takeTrust: () => isTrusted,
  });
  const [hub] = bench.hubs;
  if (hub === undefined) throw new Error('expected a hub');
  hub.startId = '0190d2a6-3333-7000-8000-000000000003';
  await bench.pass(1_500);
  const before = bench.link.state.type;
  isTrusted = true;
  await bench.pass(5_000);

  assert.deepEqual([before, bench.link.state.type], ['distrusted', 'up']);
  assert.deepEqual(bench.dials, ['a control', 'a control']);
  assert.deepEqual(
    bench.link.ways.map(({ state }) => state),
    ['used', 'spare'],
  );
  assert.equal(bench.failures, 0);
});

test('A way whose hub said that it leaves is not blamed for the end of that hub, however that comes', async () => {
  await using bench = await createWaysBench(['a', 'b']);
  const [hub] = bench.hubs;
  if (hub === undefined) throw new Error('expected a hub');
  await bench.pass(1_000);
  hub.leaving = { reconnectInMs: 30_000 };
  await hub.hello();
  hub.leaving = null;
  await bench.pass(1_000);
  bench.cut('a');
  await bench.pass(5_000);

  assert.deepEqual(bench.dials, ['a control', 'a control']);
  assert.deepEqual(
    bench.link.ways.map(({ state }) => state),
    ['used', 'spare'],
  );
  assert.equal(bench.failures, 0);
});

test('An agent that leaves in the middle of looking leaves nothing open', async () => {
  const bench = await createWaysBench(['a', 'b']);
  bench.set('a', 'down');
  await bench.pass(9_000);
  bench.set('a', 'up');
  await bench.pass(2_000);
  assert.deepEqual(bench.dials.at(-1), 'a session');

  await bench[Symbol.asyncDispose]();

  assert.deepEqual([bench.network.connections, bench.clock.pending], [[], 0]);
});
