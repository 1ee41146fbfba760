import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { createWebsocketListener } from '../../transports/websocket/listener.ts';
import { createWebsocketTransport } from '../../transports/websocket/websocket-transport.ts';
import type { TransportHarness } from '../contract/transport-harness.ts';
import { findClosedPort } from '../support/find-closed-port.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/turns.ts';

/** A text frame as RFC 6455 §5.2 has it, for texts of up to 65,535 bytes. From an agent it is masked, with a key of zeros. */
export function textFrame(text: string, masked: boolean): Buffer {
  const payload = Buffer.from(text);
  const mask = masked ? 0x80 : 0;
  const length =
    payload.length < 126 ? [mask | payload.length] : [mask | 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, ...(masked ? [0, 0, 0, 0] : [])]), payload]);
}

/** A real server and real sockets, with a proxy on the way that breaks things. */
export const websocketHarness: TransportHarness = {
  name: 'websocket',
  wireBytes: 32 * 1024 * 1024,
  async start({ agentLimits, hubLimits, authenticate }) {
    const clock = createVirtualClock();
    const server = createServer((_request, response) => response.writeHead(404).end());
    const common = { clock, logger: silentLogger };
    const listener = createWebsocketListener({ ...common, limits: hubLimits, authenticate });
    listener.attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    let connections = 0;
    server.on('connection', (socket) => {
      connections += 1;
      socket.on('close', () => {
        connections -= 1;
      });
    });
    const proxy = await startTcpProxy((server.address() as AddressInfo).port);
    const transport = createWebsocketTransport({ ...common, url: `ws://127.0.0.1:${proxy.port}`, limits: agentLimits });
    const closedPort = await findClosedPort();
    const nowhere = createWebsocketTransport({ ...common, url: `ws://127.0.0.1:${closedPort}`, limits: agentLimits });
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
      injectText: (direction, text) => proxy.inject(direction, textFrame(text, direction === 'up')),
      injectGarbage: (direction) => proxy.inject(direction, Buffer.alloc(64, 0xff)),
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
