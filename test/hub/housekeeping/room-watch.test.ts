import assert from 'node:assert/strict';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { RoomWatch } from '../../../hub/housekeeping/room-watch.ts';
import { LogError } from '../../../hub/logs/log-error.ts';
import { StoreError } from '../../../hub/store/store-error.ts';
import { silentLogger } from '../../../runtime/logger.ts';

const folder = await mkdtemp(join(tmpdir(), 'farhand-room-'));
after(() => rm(folder, { recursive: true }));

describe('the watch over the room of a disk', () => {
  it('calls a disk full until as much as it tries to write fits again, and leaves nothing there', async (t) => {
    const room = new RoomWatch({ folder, logger: silentLogger });
    room.failed(new LogError('full', 'no room'));
    await using sample = await open(import.meta.filename, 'r');
    const noRoom = Object.assign(new Error('no room'), { code: 'ENOSPC' });
    t.mock.method(Object.getPrototypeOf(sample), 'write', () => Promise.reject(noRoom), { times: 2 });

    const full: boolean[] = [];
    for (let time = 0; time < 3; time += 1) {
      await room.tryAgain();
      full.push(room.isFull);
    }

    assert.deepEqual(full, [true, true, false]);
    assert.deepEqual(await readdir(folder), []);
  });

  it('calls no disk full for what failed otherwise', () => {
    const room = new RoomWatch({ folder, logger: silentLogger });

    for (const error of [new StoreError('broken', 'x'), new LogError('closed', 'x'), new Error('full')])
      room.failed(error);

    assert.equal(room.isFull, false);
  });
});
