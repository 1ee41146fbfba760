import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readFence, takeFence } from '../../../agent/executors/process/fence.ts';
import { type FileSystem, systemFileSystem } from '../../../runtime/file-system.ts';

/** The disk, which writes down when something of the fence is made durable or gets its name. */
function noteSteps(steps: string[]): FileSystem {
  return {
    ...systemFileSystem,
    async open(path, flags, mode) {
      const handle = await systemFileSystem.open(path, flags, mode);
      const sync = async () => {
        await handle.sync();
        steps.push('content flushed');
      };
      return { ...handle, sync };
    },
    async link(existing, path) {
      await systemFileSystem.link(existing, path);
      steps.push(`named ${basename(path)}`);
    },
    async syncFolder(path) {
      await systemFileSystem.syncFolder(path);
      steps.push('names flushed');
    },
  };
}

describe('the file of a fence', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farhand-fence-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is durable before it has its name, has it durably before anybody is told, and is alone', async () => {
    const steps: string[] = [];

    assert.equal(await takeFence(noteSteps(steps), folder), true);

    const named = steps.indexOf('named started');
    assert.ok(steps.slice(0, named).includes('content flushed'), steps.join());
    assert.ok(steps.slice(named).includes('names flushed'), steps.join());
    assert.deepEqual(await readdir(folder), ['started']);
  });

  it('is not taken from a wrapper, nor where nobody can read it', async () => {
    for (const content of ['123 456\n', '123 4', '']) {
      await writeFile(join(folder, 'started'), content);

      assert.equal(await takeFence(systemFileSystem, folder), false);
    }
  });

  for (const [content, expected] of [
    ['123 456\n', { type: 'wrapper', pid: 123, startTime: '456' }],
    ['123 \n', { type: 'wrapper', pid: 123, startTime: null }],
    ['recovered\n', { type: 'recovered' }],
    ['123 4', { type: 'unreadable' }],
    ['123', { type: 'unreadable' }],
    ['recovered', { type: 'unreadable' }],
    ['0 456\n', { type: 'unreadable' }],
    ['', { type: 'unreadable' }],
  ] as const) {
    it(`is ${expected.type} where it holds ${JSON.stringify(content)}`, async () => {
      await writeFile(join(folder, 'started'), content);

      const { at, ...fence } = { at: null, ...(await readFence(systemFileSystem, folder)) };

      assert.deepEqual(fence, expected);
      assert.equal(at === null, fence.type === 'recovered');
    });
  }
});
