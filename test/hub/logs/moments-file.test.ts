import assert from 'node:assert/strict';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { appendMoments, countMoments, readMoments } from '../../../hub/logs/moments-file.ts';

it('The index of times counts what it says of bytes that are there, and tells of a stretch with what came before it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-moments-'));
  try {
    await using handle = await open(join(folder, 'times'), 'w+');
    await appendMoments(
      handle,
      0,
      [0, 7, 20].map((offset) => ({ offset, at: 1_000 + offset })),
    );
    const counts = [];
    for (const length of [0, 1, 7, 8, 20, 21]) counts.push(await countMoments(handle, length));
    const offsets = async (start: number, end: number) =>
      (await readMoments(handle, start, end)).map(({ offset }) => offset);

    assert.deepEqual(counts, [0, 1, 1, 2, 2, 3]);
    assert.deepEqual(await offsets(0, 7), [0]);
    assert.deepEqual(await offsets(7, 20), [7]);
    assert.deepEqual(await offsets(8, 21), [7, 20]);
    assert.deepEqual(await offsets(19, 19), [7]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
