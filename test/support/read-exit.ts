import assert from 'node:assert/strict';
import type { ExecutionTarget } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';

/** The exit status of a command, and whether an intent was there by then; null while there is no end. Fails where a platform has a word to say. */
export async function readExit(
  executor: Executor,
  target: ExecutionTarget,
): Promise<{ readonly status: number; readonly marked: boolean } | null> {
  const end = await executor.readEnd(target);
  if (end === null) return null;
  assert.ok(end.type === 'exit', `expected an exit status, got ${JSON.stringify(end)}`);
  return { status: end.status, marked: end.marked };
}
