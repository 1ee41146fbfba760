import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { RoomReserve } from '../../../hub/retention/room-reserve.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';

checkLeaks();

const mebibyte = 1024 * 1024;

describe('room that is kept aside', () => {
  it('is given up bit by bit, and kept aside anew', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'farhand-reserve-'));
    try {
      const reserve = new RoomReserve({ folder, bytes: 2 * mebibyte });
      const size = () => statSync(join(folder, 'reserve')).size;
      const before = await reserve.give();

      await reserve.keep();
      const whole = size();
      const first = await reserve.give();
      const less = size();
      await reserve.keep();
      const again = size();
      const gave = [await reserve.give(), await reserve.give(), await reserve.give()];

      assert.deepEqual([before, whole, first, less, again], [false, 2 * mebibyte, true, mebibyte, 2 * mebibyte]);
      assert.deepEqual(gave, [true, true, false]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is not what fills a small disk', async (context) => {
    using disk = mountSmallDisk(join(tmpdir(), `farhand-reserve-disk-${process.pid}`), '6m');
    if (disk === null) return context.skip('this process may not mount a file system of its own');
    const reserve = new RoomReserve({ folder: disk.folder, bytes: 2 * mebibyte });

    await reserve.keep();

    assert.equal(existsSync(join(disk.folder, 'reserve')), false);
    assert.equal(await reserve.give(), false);
  });
});
