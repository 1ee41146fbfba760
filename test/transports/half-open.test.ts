import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createWebsocketListener } from '../../transports/websocket/listener.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { untilStill, watch } from '../support/turns.ts';

checkLeaks();

it('notices within 30 s that the other machine stands still, though all buffers are full and no ping gets out', async () => {
  const clock = createVirtualClock();
  const common = { clock, logger: silentLogger, limits: defaultLimits };
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const authenticate = async () => ({ type: 'admitted', principal: 'a1' }) as const;
  await using listener = createWebsocketListener({ ...common, authenticate });
  listener.attach(server);
  const proxy = await startTcpProxy((server.address() as AddressInfo).port);
  const { session } = createWebsocketTransport({ ...common, url: `ws://127.0.0.1:${proxy.port}` });
  const attempt = '0198c5f2-7d3a-7cc1-9a51-3f0f5be0a001';
  const credential = { present: async () => 'a1' };
  const agent = await session.openSession({ attempt, credential }, { signal: AbortSignal.timeout(10_000) });
  const next = await listener[Symbol.asyncIterator]().next();
  assert.ok(next.done !== true);
  const hub = next.value.channel;
  proxy.freeze();

  const bytes = Buffer.alloc(64 * 1024);
  let sent = 0;
  const sending = (async () => {
    for (; ; sent += bytes.length) await agent.send({ type: 'log', offset: sent, at: 0, bytes });
  })().catch((error: unknown) => error);
  await untilStill(() => sent);
  const ends = watch(Promise.all([agent.closed, hub.closed]));
  for (let passed = 0; passed < 30_000 && !ends.settled; passed += 5_000) {
    await clock.advance(5_000);
    await untilStill(() => Number(ends.settled));
  }

  for (const end of [agent, hub]) {
    const reason = await end.closed;
    assert.deepEqual([reason.type, reason.type === 'failure' && reason.error.code], ['failure', 'silent']);
  }
  assert.match(String(await sending), /TransportError/);
  await proxy[Symbol.asyncDispose]();
  server.close();
});
