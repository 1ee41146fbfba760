import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** `npm run test:launcher -- shells|execa [files]`: the executor's suite and everything in which something dies, on one launcher. */
// Without `shell-launcher.test.ts`, which is about the shells alone.
const usualFiles = ['test/agent/executors/process-*.test.ts', 'test/agent/*.test.ts', 'test/faults/*.test.ts'];
const root = join(import.meta.dirname, '..');

const [launcher = '', ...files] = process.argv.slice(2);
if (launcher !== 'shells' && launcher !== 'execa') {
  console.error(`expected a launcher, shells or execa, got ${JSON.stringify(launcher)}`);
  process.exit(2);
}
const onlyExeca = pathToFileURL(join(import.meta.dirname, 'support/only-execa.ts')).href;
const options =
  launcher === 'execa' ? { NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${onlyExeca}` } : {};
const limits = ['--test-concurrency=1', '--test-timeout=600000', '--test-reporter=./test/support/faults-reporter.ts'];
const run = spawn(process.execPath, ['--test', ...limits, ...(files.length === 0 ? usualFiles : files)], {
  cwd: root,
  env: { ...process.env, ...options },
  stdio: 'inherit',
});
const [code] = await once(run, 'exit');
process.exitCode = typeof code === 'number' ? code : 1;
