import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { serveParent } from './serve-parent.ts';

/** The bare limit of a log, the other end: the output of a child straight into a websocket, in frames as the pipe gives them. */
const Question = z.object({ argv: z.tuple([z.string()], z.string()), port: z.int(), atOnce: z.int() });

async function sendOne(port: number, [program, ...args]: readonly [string, ...string[]]): Promise<unknown> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'message');
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const piece of child.stdout) await new Promise((sent) => socket.send(piece as Buffer, sent));
  const answered = once(socket, 'message');
  socket.send('end');
  const [answer] = await answered;
  socket.close();
  return JSON.parse(String(answer));
}

serveParent(Question, async ({ argv, port, atOnce }) => {
  const from = performance.now();
  const received = await Promise.all(Array.from({ length: atOnce }, () => sendOne(port, argv)));
  return { tookMs: performance.now() - from, received };
});
