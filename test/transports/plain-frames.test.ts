import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createDirectOutlet, type Outlet } from '../../runtime/network/outlet.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createWebsocketDialler } from '../../transports/websocket/websocket-dialler.ts';
import { createAgentSessionCodec } from '../../transports/websocket/wire.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

const text = 'GET /cached HTTP/1.1 is what a job may print, as long as it likes';

/** A hub's websockets, with the bytes that came on them as they were. */
async function listen(): Promise<{ readonly port: number; readonly seen: () => Buffer } & Disposable> {
  const pieces: Buffer[] = [];
  const server: Server = createServer();
  const websockets = new WebSocketServer({ noServer: true, handleProtocols: () => codec.subprotocol });
  server.on('upgrade', (request, socket, head) => {
    // A copy: `ws` takes masks off in place.
    socket.on('data', (piece: Buffer) => pieces.push(Buffer.from(piece)));
    websockets.handleUpgrade(request, socket, head, () => {});
  });
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    seen: () => Buffer.concat(pieces),
    [Symbol.dispose]: () => void server.close(),
  };
}

const codec = createAgentSessionCodec();

async function sendOneLog(url: string, outlet: Outlet | undefined): Promise<void> {
  const dialler = createWebsocketDialler({
    url,
    outlet,
    clock: systemClock,
    limits: defaultLimits,
    logger: silentLogger,
  });
  const credential = { present: async () => 'anything' };
  const { signal } = new AbortController();
  const channel = await dialler.open({ target: '/v1/sessions/a', kind: 'session', codec, credential, signal });
  await channel.send({ type: 'log', offset: 0, at: 0, bytes: Buffer.from(text) });
  await channel.close();
}

test('What is sent to a hub on this machine is not masked', async () => {
  using hub = await listen();

  await sendOneLog(`ws://127.0.0.1:${hub.port}`, undefined);

  assert.ok(hub.seen().includes(text));
});

test('What is sent in the clear to a hub on another machine is masked, so that no proxy takes it for HTTP', async () => {
  using hub = await listen();
  const outlet = createDirectOutlet({ logger: silentLogger });
  outlet.open = async () => connect(hub.port, '127.0.0.1');

  await sendOneLog('ws://hub.example', outlet);

  assert.ok(hub.seen().length > text.length);

  assert.ok(!hub.seen().includes(text) && !hub.seen().includes('HTTP'));
});
