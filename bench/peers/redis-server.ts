import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { findFreePort } from '../free-port.ts';
import type { Workplace } from '../workplace.ts';
import { awaitPeer } from './await-peer.ts';
import { findPeerProgram } from './find-peer-program.ts';

/** `always`: flushed before each answer, as farhand's store is. `everysec`: what most people run; a crash of the machine loses a second. */
export type Fsync = 'always' | 'everysec';

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

export function findRedisServer(): string | null {
  return findPeerProgram('redis-server');
}

export async function startRedisServer(workplace: Workplace, program: string, fsync: Fsync): Promise<RedisServer> {
  const folder = workplace.path('redis');
  await mkdir(folder);
  const port = await findFreePort();
  const settings = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync: fsync, save: '' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = await workplace.start(program, args, { stdio: 'ignore' });
  await awaitPeer('redis-server', server, () => isListening(port));
  return { port, pid: server.pid, [Symbol.asyncDispose]: () => server.stop() };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
}
