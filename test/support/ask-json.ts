import assert from 'node:assert/strict';
import type { Environment } from './farhand-process.ts';
import { runCommand } from './run-command.ts';

/** What a command of a person answers with --json. */
export async function askJson<T>(user: Environment, ...args: readonly string[]): Promise<T> {
  const { stdout, stderr, exitCode } = await runCommand([...args, '--json'], { environment: user });
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as T;
}
