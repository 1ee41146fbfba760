import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { serveParent } from './serve-parent.ts';

/** Sends back what comes. */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
await once(server, 'listening');

serveParent(z.object({ type: z.literal('port') }), async () => ({ port: (server.address() as AddressInfo).port }));
