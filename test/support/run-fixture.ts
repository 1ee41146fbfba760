import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Runs files of `fixtures/` as `npm test` runs test files. */
export function runFixture(...names: readonly string[]): { readonly status: number | null; readonly output: string } {
  const reporter = join(import.meta.dirname, 'summary-reporter.ts');
  const files = names.map((name) => join('fixtures', name));
  // Inside a test this variable is set, and a runner that sees it speaks to its parent instead of the reporter.
  const env = { ...process.env, NO_COLOR: '1', NODE_TEST_CONTEXT: undefined };
  const { status, stdout } = spawnSync(process.execPath, ['--test', `--test-reporter=${reporter}`, ...files], {
    cwd: import.meta.dirname,
    env,
    encoding: 'utf8',
  });
  return { status, output: stdout };
}
