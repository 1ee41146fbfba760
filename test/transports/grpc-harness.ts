import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { createGrpcTransport } from '../../transports/grpc/grpc-transport.ts';
import { createGrpcListener } from '../../transports/grpc/listener.ts';
import type { TransportHarness } from '../contract/transport-harness.ts';
import { findClosedPort } from '../support/find-closed-port.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/turns.ts';

/** A gRPC message in a DATA frame (RFC 9113 §6.1) of a connection's first stream. */
export function dataFrame(message: Uint8Array): Buffer {
  const length = message.length + 5;
  const head = Buffer.from([length >> 16, (length >> 8) & 0xff, length & 0xff, 0, 0, 0, 0, 0, 1]);
  const prefix = Buffer.from([0, 0, 0, message.length >> 8, message.length & 0xff]);
  return Buffer.concat([head, prefix, message]);
}

/** Field 1 with a text of up to 127 bytes: JSON in a frame of a session, and the id of an event that has nothing else. */
function textField(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
}

/** A real server and real sockets, with a proxy on the way that breaks things. */
export const grpcHarness: TransportHarness = {
  name: 'grpc',
  wireBytes: 32 * 1024 * 1024,
  async start({ agentLimits, hubLimits, authenticate }) {
    const clock = createVirtualClock();
    const common = { clock, logger: silentLogger };
    const listener = createGrpcListener({ ...common, limits: hubLimits, authenticate });
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('close', () => {
        connections -= 1;
      });
      listener.take(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = await startTcpProxy((server.address() as AddressInfo).port);
    const transport = createGrpcTransport({ ...common, url: `grpc://127.0.0.1:${proxy.port}`, limits: agentLimits });
    const closedPort = await findClosedPort();
    const nowhere = createGrpcTransport({ ...common, url: `grpc://127.0.0.1:${closedPort}`, limits: agentLimits });
    let seen = { up: 0, down: 0 };
    return {
      clock,
      ...transport,
      listener,
      nowhere: nowhere.control,
      openConnections: () => Math.max(connections, proxy.open),
      async exchanged() {
        await until(() => proxy.carried('up') > seen.up && proxy.carried('down') > seen.down, 'bytes both ways');
        seen = { up: proxy.carried('up'), down: proxy.carried('down') };
      },
      silence: (direction) => proxy.silence(direction),
      cutAfter: (direction, bytes) => proxy.cutAfter(direction, bytes),
      injectText: (direction, text) => proxy.inject(direction, dataFrame(textField(text))),
      // HTTP/2 is not ours: bytes that are none of it only break the connection (see `grpc.test.ts`).
      injectGarbage: (direction) => proxy.inject(direction, dataFrame(Buffer.alloc(64, 0xff))),
      async [Symbol.asyncDispose]() {
        await listener[Symbol.asyncDispose]();
        await until(() => connections === 0 && proxy.open === 0, 'all connections to be gone');
        await proxy[Symbol.asyncDispose]();
        server.close();
        await once(server, 'close');
        assert.equal(clock.pending, 0, 'a timer was left');
      },
    };
  },
};
