import type { Server } from 'node:net';

/** `http://127.0.0.1:7400`, of a server that listens on a port. */
export function toListenAddress(server: Server, scheme: 'http' | 'https'): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected the server to listen on a port');
  return `${scheme}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
