import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { serveParent } from './serve-parent.ts';

/** The bare limit of a log: bytes of each connection into a file of the folder given, flushed and with a digest, which it answers at the end. */
const [folder = ''] = process.argv.slice(2);
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
let files = 0;
server.on('connection', (socket) => void receive(socket));
await once(server, 'listening');

async function receive(socket: WebSocket): Promise<void> {
  files += 1;
  const file = await open(join(folder, `raw-${files}`), 'w');
  const digest = createHash('sha256');
  let writing = Promise.resolve();
  let bytes = 0;
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return void finish();
    digest.update(data);
    bytes += data.length;
    socket.pause();
    writing = writing.then(() => writeFully(data)).then(() => socket.resume());
  });
  socket.send('ready');

  async function writeFully(data: Buffer): Promise<void> {
    for (let from = 0; from < data.length; ) from += (await file.write(data, from)).bytesWritten;
  }

  async function finish(): Promise<void> {
    await writing;
    await file.datasync();
    await file.close();
    socket.send(JSON.stringify({ bytes, sha256: digest.digest('hex') }));
  }
}

serveParent(z.object({ type: z.literal('port') }), async () => ({ port: (server.address() as AddressInfo).port }));
