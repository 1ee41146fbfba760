import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { hasMembers, isOurselves, signalGroup, signalProcess } from '../../../agent/executors/process/process-group.ts';
import { readProcessStatus } from '../../../agent/executors/process/process-status.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { nearlyForever } from './process-place.ts';

/** Changes nothing of who gets it. */
const harmless = 'SIGCONT';

describe('a process group', { skip: !existsSync('/proc/self/stat') && 'needs /proc' }, () => {
  checkLeaks();

  it('is signalled as long as somebody is in it', async () => {
    const child = spawn('sleep', [nearlyForever], { detached: true, stdio: 'ignore' });
    const gone = new Promise<string | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    const group = child.pid ?? assert.fail('expected a process');

    assert.equal(hasMembers(group), true);
    assert.equal(signalGroup(group, 'SIGTERM'), true);

    assert.equal(await gone, 'SIGTERM');
    assert.deepEqual([hasMembers(group), signalGroup(group, 'SIGTERM')], [false, false]);
  });

  it('is not signalled when it is our own, nor are we, nor who we descend from', () => {
    const { group, parent } = readProcessStatus(process.pid) ?? assert.fail('expected this process');

    assert.equal(signalGroup(group, harmless), false);
    for (const pid of [process.pid, parent, 1, 0, -1]) assert.equal(signalProcess(pid, harmless), false, String(pid));
    assert.deepEqual([isOurselves(process.pid), isOurselves(parent)], [true, true]);
  });

  it('is never everybody, nor whoever asks', () => {
    for (const group of [0, 1]) assert.equal(signalGroup(group, harmless), false, String(group));
  });
});
