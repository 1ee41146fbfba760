import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FileSystem } from '../../runtime/file-system.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { writeDurably, writeWhole } from '../../runtime/write-file.ts';
import { MemoryDisk } from './memory-disk.ts';
import { createMemoryFileSystem, type DiskFault } from './memory-file-system.ts';
import { createSeededRandom } from './seeded-random.ts';
import { SimulatedProcess } from './simulated-process.ts';

function createPlace(): {
  readonly disk: MemoryDisk;
  readonly fs: FileSystem;
  readonly faults: DiskFault[];
  readonly process: SimulatedProcess;
} {
  const disk = new MemoryDisk(() => 0);
  const process = new SimulatedProcess({
    name: 'test',
    clock: createVirtualClock(),
    wallOffsetMs: () => 0,
    onOperation: () => {},
  });
  const faults: DiskFault[] = [];
  const fs = createMemoryFileSystem({
    disk,
    process,
    faults,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
    flushMs: () => 1,
    accessMs: () => 0,
  });
  return { disk, fs, faults, process };
}

async function textOf(fs: FileSystem, path: string): Promise<string | null> {
  return (await fs.lstat(path)) === null ? null : Buffer.from(await fs.readFile(path)).toString();
}

/** What a power loss may leave of a file, over many tries. */
async function outcomes(prepare: (fs: FileSystem) => Promise<void>, path: string): Promise<Set<string | null>> {
  const seen = new Set<string | null>();
  for (let seed = 0; seed < 60; seed++) {
    const { disk, fs } = createPlace();
    await prepare(fs);
    disk.losePower(createSeededRandom(String(seed)));
    seen.add(await textOf(fs, path));
  }
  return seen;
}

describe('a disk in memory', () => {
  it('keeps through a power loss what was written durably', async () => {
    const seen = await outcomes(async (fs) => {
      await writeDurably(fs, '/a', 'one');
      await writeDurably(fs, '/a', 'two');
    }, '/a');

    assert.deepEqual([...seen], ['two']);
  });

  it('may lose or tear what was not flushed, and never what was before it', async () => {
    const seen = await outcomes(async (fs) => {
      await writeDurably(fs, '/a', 'one');
      await using file = await fs.open('/a', 'a');
      await file.write(Buffer.from('!!'));
    }, '/a');

    assert.deepEqual(seen, new Set(['one', 'one\0', 'one\0\0', 'one!', 'one!!']));
  });

  it('keeps what a flush made durable when one that began before it ends after it', () => {
    const disk = new MemoryDisk(() => 0);
    disk.mkdir('/a', false);
    const early = disk.beginFolderFlush('/');
    disk.mkdir('/b', false);
    const late = disk.beginFolderFlush('/');

    late();
    early();
    disk.losePower(createSeededRandom('1'));

    assert.deepEqual(disk.list('/').toSorted(), ['a', 'b']);
  });

  it('may lose the name of a file whose folder was not flushed', async () => {
    const seen = await outcomes((fs) => writeWhole(fs, '/a', 'x'), '/a');

    assert.equal(seen.has(null), true);
    assert.equal(seen.has('x'), true);
  });

  it('answers a process that died nothing, and does nothing for it', async () => {
    const { disk, fs, process } = createPlace();
    process.arm({ operations: 1, on: null, when: 'before', strike: () => process.kill() });

    const writing = writeWhole(fs, '/b', 'x').then(() => 'answered');
    const first = await Promise.race([writing, new Promise((resolve) => setImmediate(() => resolve('silent')))]);

    assert.equal(first, 'silent');
    assert.equal(disk.lstat('/b'), null);
  });

  it('fails once where a fault was put, with the code of the system', async () => {
    const { fs, faults } = createPlace();
    faults.push({ code: 'EIO', on: 'flush', left: 0 });

    await assert.rejects(writeDurably(fs, '/a', 'x'), { code: 'EIO' });
    await writeDurably(fs, '/a', 'x');

    assert.equal(await textOf(fs, '/a'), 'x');
  });

  it('takes nothing that does not fit', async () => {
    const { disk, fs } = createPlace();
    disk.capacity = 4;
    await writeDurably(fs, '/a', '1234');

    await assert.rejects(writeDurably(fs, '/b', '5'), { code: 'ENOSPC' });
    await fs.remove('/a');
    await writeDurably(fs, '/b', '5');

    assert.equal(await textOf(fs, '/b'), '5');
  });
});
