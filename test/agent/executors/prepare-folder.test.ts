import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { prepareFolder } from '../../../agent/executors/process/prepare-folder.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';

const command = {
  files: [
    { name: 'parameters.json', content: '{"word":"hush"}', executable: false },
    { name: 'script', content: '#!/bin/sh\n', executable: true },
  ],
  output: { file: 'raw', limitBytes: 1_000 },
} as const;

describe('the folder of a process, before it is started', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farhand-folder-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const prepare = () => prepareFolder(systemFileSystem, folder, command);
  const look = async (name: string) => {
    const { mode, size } = await stat(join(folder, name));
    return `${(mode & 0o777).toString(8)} ${size}`;
  };

  it('has what only its owner may read, and room for what is written when the disk may be full', async () => {
    assert.equal(await prepare(), null);

    const names = ['parameters.json', 'script', 'raw', 'exit', 'sink'];
    assert.deepEqual(await Promise.all(names.map(look)), ['600 15', '700 10', '600 0', '600 16', '600 48']);
  });

  it('keeps what an earlier start left there', async () => {
    await prepare();
    for (const name of ['raw', 'exit', 'sink']) await writeFile(join(folder, name), `${name}\n`);

    assert.equal(await prepare(), null);

    const contents = await Promise.all(['raw', 'exit', 'sink'].map((name) => readFile(join(folder, name), 'utf8')));
    assert.deepEqual(contents, ['raw\n', 'exit\n', 'sink\n']);
  });
});
