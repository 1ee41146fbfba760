import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { watchFor } from '../../../agent/executors/process/watch-for.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';

const folder = await mkdtemp(join(tmpdir(), 'farhand-watch-'));
after(() => rm(folder, { recursive: true }));

describe('what is watched for', () => {
  checkLeaks();

  const never = new AbortController().signal;

  it('is found though looking for it fails for a while', async () => {
    let looks = 0;
    const check = async () => {
      looks += 1;
      if (looks < 4) throw new Error('too many open files');
      return 'found';
    };

    assert.equal(await watchFor({ path: folder, check, clock: systemClock, signal: never }), 'found');
  });

  it('is found where nothing tells of it', async () => {
    let looks = 0;
    const check = async () => ((looks += 1) > 3 ? 'found' : null);

    assert.equal(await watchFor({ path: join(folder, 'nowhere'), check, clock: systemClock, signal: never }), 'found');
  });

  it('is looked for one at a time, once more for what happened meanwhile', async () => {
    const path = join(folder, 'noted');
    await writeFile(path, '');
    let [atWork, most, looks] = [0, 0, 0];
    const check = async () => {
      atWork += 1;
      looks += 1;
      most = Math.max(most, atWork);
      if (looks < 5) await writeFile(path, String(looks));
      atWork -= 1;
      return looks < 5 ? null : 'found';
    };

    assert.equal(await watchFor({ path, check, clock: systemClock, signal: never }), 'found');
    assert.equal(most, 1);
  });

  it('is nothing from the abort on, before it or at once', async () => {
    const leaving = new AbortController();
    const waiting = watchFor({ path: folder, check: async () => null, clock: systemClock, signal: leaving.signal });

    leaving.abort();

    assert.equal(await waiting, null);
    const check = async () => 'found';
    assert.equal(await watchFor({ path: folder, check, clock: systemClock, signal: leaving.signal }), null);
  });
});
