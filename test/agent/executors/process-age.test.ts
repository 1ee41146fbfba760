import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { toProcessAge } from '../../../agent/executors/process/process-age.ts';
import { readProcessStatus } from '../../../agent/executors/process/process-status.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { nearlyForever } from './process-place.ts';

describe('the age of a process', { skip: !existsSync('/proc/self/stat') && 'needs /proc' }, () => {
  checkLeaks();

  it('is no more than what has passed since it was started, and grows', async () => {
    // So that this process is a good deal older.
    while (process.uptime() < 2) await delay(100);
    const startedAt = performance.now();
    const child = spawn('sleep', [nearlyForever], { stdio: 'ignore' });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const { startTime } = readProcessStatus(child.pid ?? 0) ?? assert.fail('expected a process');

    await delay(300);
    const age = toProcessAge(startTime) ?? assert.fail('expected an age');
    const passed = performance.now() - startedAt;
    await delay(100);

    assert.ok(age <= passed + 50, `${age} of ${passed}`);
    assert.ok((toProcessAge(startTime) ?? 0) >= age + 90);
    child.kill('SIGKILL');
    await gone;
  });

  it('is nothing that can be told without a start time, nor is it ever before the start', () => {
    assert.equal(toProcessAge(null), null);
    assert.equal(toProcessAge('99999999999'), 0);
  });
});
