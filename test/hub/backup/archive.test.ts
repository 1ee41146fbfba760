import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readArchive } from '../../../hub/backup/archive-reader.ts';
import { ArchiveWriter } from '../../../hub/backup/archive-writer.ts';
import { decodeTarHeader, encodeTarHeader } from '../../../hub/backup/tar-header.ts';

async function createPlace() {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-archive-'));
  const path = join(folder, 'archive');
  const handle = await open(path, 'wx');
  return {
    path,
    writer: new ArchiveWriter(handle, 0),
    async [Symbol.asyncDispose]() {
      await handle.close();
      await rm(folder, { recursive: true });
    },
  };
}

describe('an archive', () => {
  it('is read file by file, also where what is in one is left', async () => {
    await using place = await createPlace();
    const files = new Map([
      ['one', 'a'.repeat(512)],
      ['two', 'b'.repeat(1_300)],
      ['three', ''],
      ['four', 'c'],
    ]);
    for (const [name, text] of files) await place.writer.add({ name, bytes: text.length }, [Buffer.from(text)]);
    await place.writer.finish();

    const read = new Map<string, string>();
    for await (const file of readArchive(createReadStream(place.path, { highWaterMark: 100 }))) {
      let text = '';
      if (file.name !== 'two') for await (const piece of file.content()) text += Buffer.from(piece).toString();
      read.set(file.name, text);
    }

    assert.deepEqual(read, new Map([...files, ['two', '']]));
  });

  it('is refused where a file is not as long as was said, and reads no more of one that is longer', async () => {
    await using place = await createPlace();
    let given = 0;
    function* endless() {
      for (; given < 1_000; given += 1) yield Buffer.from('ten bytes!');
    }

    await assert.rejects(place.writer.add({ name: 'longer', bytes: 25 }, endless()), { code: 'changed' });
    await assert.rejects(place.writer.add({ name: 'shorter', bytes: 25 }, [Buffer.from('ten bytes!')]), {
      code: 'changed',
    });

    assert.ok(given < 10, `${given} pieces were read`);
  });

  it('has names of up to 100 bytes, and files beyond 8 GiB', () => {
    const entries = [
      { name: 'n'.repeat(100), bytes: 8 ** 11 - 1 },
      { name: 'large', bytes: 8 ** 11 },
      { name: 'larger', bytes: 2 ** 40 + 7 },
    ];

    const decoded = entries.map((entry) => decodeTarHeader(encodeTarHeader(entry, 0)));

    assert.deepEqual(decoded, entries);
    assert.throws(() => encodeTarHeader({ name: 'n'.repeat(101), bytes: 0 }, 0), RangeError);
  });
});
