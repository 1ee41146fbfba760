import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that nobody listens on at this moment: for programs that cannot choose one and say which. */
export async function findFreePort(): Promise<number> {
  await using server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected an address with a port');
  return address.port;
}
