import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { WebSocket } from 'ws';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import type { Authenticate } from '../../transports/credential.ts';
import { createGrpcListener } from '../../transports/grpc/listener.ts';
import { controlCodec as grpcCodec } from '../../transports/grpc/wire.ts';
import { defaultLimits } from '../../transports/limits.ts';
import type { RemoteOf } from '../../transports/remote-of.ts';
import { createWebsocketListener } from '../../transports/websocket/listener.ts';
import { controlCodec } from '../../transports/websocket/wire.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { listen } from './grpc-place.ts';

checkLeaks();

const names = ['x-forwarded-for', 'forwarded', 'x-absent'] as const;
const remoteOf: RemoteOf = (peer, header) => [peer, ...names.map((name) => header(name) ?? 'none')].join(' | ');
const expected = '127.0.0.1 | 192.0.2.1, 192.0.2.2 | for=192.0.2.3 | none';

/** Refuses everybody, and writes down from where they came. */
function createDoor(given: RemoteOf | undefined) {
  const seen: string[] = [];
  const authenticate: Authenticate<string> = async ({ remote }) => {
    seen.push(remote);
    return { type: 'refused', code: 'unauthorized', message: 'no', retryAfterMs: null };
  };
  const clock = createVirtualClock();
  return { seen, options: { authenticate, clock, limits: defaultLimits, logger: silentLogger, remoteOf: given } };
}

async function dialWebsocket(given: RemoteOf | undefined): Promise<readonly string[]> {
  const { seen, options } = createDoor(given);
  await using listener = createWebsocketListener(options);
  const server = createServer();
  listener.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { 'x-forwarded-for': ['192.0.2.1', '192.0.2.2'], forwarded: 'for=192.0.2.3' };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/control`, controlCodec.subprotocol, {
    headers: headers as unknown as Record<string, string>,
  });
  await once(socket, 'error');
  server.close();
  await once(server, 'close');
  return seen;
}

async function dialGrpc(given: RemoteOf | undefined): Promise<readonly string[]> {
  const { seen, options } = createDoor(given);
  await using listener = createGrpcListener(options);
  await using listening = await listen((socket) => listener.take(socket));
  const client = new Client(`127.0.0.1:${listening.port}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.add('x-forwarded-for', '192.0.2.1');
  metadata.add('x-forwarded-for', '192.0.2.2');
  metadata.set('forwarded', 'for=192.0.2.3');
  const asIs = (bytes: Buffer) => bytes;
  const call = client.makeBidiStreamRequest(grpcCodec.path, asIs, asIs, metadata);
  await once(call, 'error');
  client.close();
  return seen;
}

for (const [name, dial] of [
  ['a websocket', dialWebsocket],
  ['a gRPC call', dialGrpc],
] as const) {
  describe(`who dials ${name}`, () => {
    it('is told from the peer and the headers by whom the listener was given', async () => {
      assert.deepEqual(await dial(remoteOf), [expected]);
    });

    it('is the peer where it was given nobody', async () => {
      assert.deepEqual(await dial(undefined), ['127.0.0.1']);
    });
  });
}
