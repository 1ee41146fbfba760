import { once } from 'node:events';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { serveParent } from './serve-parent.ts';

/** Connections that say nothing. */
const Question = z.object({ port: z.int(), count: z.int() });
const atOnce = 64;
const open: WebSocket[] = [];

serveParent(Question, async ({ port, count }) => {
  const dial = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    open.push(socket);
    await once(socket, 'open');
  };
  const work = async () => {
    while (open.length < count) await dial();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
  return { open: open.length };
});
