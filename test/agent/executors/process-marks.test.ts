import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readMarks } from '../../../agent/executors/process/process-marks.ts';
import { readProcessStatus } from '../../../agent/executors/process/process-status.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { eventually, nearlyForever } from './process-place.ts';

interface Child extends AsyncDisposable {
  readonly pid: number;
}

async function start(environment: Readonly<Record<string, string>>): Promise<Child> {
  const child: ChildProcess = spawn('sleep', [nearlyForever], {
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: 'ignore',
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const pid = child.pid ?? assert.fail('expected a process');
  await eventually(() => readMarks(pid).type === 'read', 'the process to show its environment');
  return {
    pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

describe('the marks of a process', { skip: !existsSync('/proc/self/environ') && 'needs /proc' }, () => {
  checkLeaks();

  it('are found behind however large an environment', async () => {
    const filling = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`A${index}`, 'x'.repeat(1_000)]));
    await using child = await start({ ...filling, FARHAND_ATTEMPT_ID: 'attempt-9' });

    assert.deepEqual(readMarks(child.pid), { type: 'read', attempts: ['attempt-9'], sink: false });
  });

  it('are no part of the value of another variable', async () => {
    await using child = await start({ NOTE: 'FARHAND_ATTEMPT_ID=attempt-9', FARHAND_SINK: '1' });

    assert.deepEqual(readMarks(child.pid), { type: 'read', attempts: [], sink: true });
  });

  it('tell a sink of an attempt', async () => {
    await using child = await start({ FARHAND_ATTEMPT_ID: 'attempt-9', FARHAND_SINK: '1' });

    assert.deepEqual(readMarks(child.pid), { type: 'read', attempts: ['attempt-9'], sink: true });
  });

  it('are gone with the process', async () => {
    const child = await start({ FARHAND_ATTEMPT_ID: 'attempt-9' });
    await child[Symbol.asyncDispose]();
    await eventually(() => readProcessStatus(child.pid) === null, 'the process to be gone');

    assert.deepEqual(readMarks(child.pid), { type: 'gone' });
  });
});
