import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LogError } from '../../../hub/logs/log-error.ts';
import type { LogStore, LogWriter } from '../../../hub/logs/log-store.ts';
import { watchLogs } from '../../../hub/logs/watched-logs.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const full = new LogError('full', 'no room');

/** Logs whose flushes, and whose removals, fail. */
const failing = {
  write: async () =>
    ({
      durable: 0,
      length: 3,
      append: async () => {},
      flush: () => Promise.reject(full),
      digest: async () => '',
      [Symbol.asyncDispose]: async () => {},
    }) satisfies LogWriter,
  remove: () => Promise.reject(full),
} as unknown as LogStore;

it('Whoever watches over logs is told of what is handed over, and of what cannot be stored', async () => {
  const clock = createVirtualClock();
  const told: unknown[] = [];
  const watcher = {
    stored: (bytes: number) => void told.push(bytes),
    failed: (error: unknown) => void told.push(error),
  };
  const logs = watchLogs(failing, { watcher, loops: createLoopBoard(clock), clock });
  const writer = await logs.write('11111111-1111-4111-8111-111111111111');

  await writer.append(Buffer.from('abc'), 0);
  await assert.rejects(writer.flush(), full);
  await assert.rejects(logs.remove('11111111-1111-4111-8111-111111111111'), full);

  assert.deepEqual(told, [3, full, full]);
});
