import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findProgram } from '../../../agent/executors/process/find-program.ts';

const root = await mkdtemp(join(tmpdir(), 'farhand-program-'));
after(() => rm(root, { recursive: true }));

/** `first/tool` is a folder, `second/tool` cannot be executed, `third/tool` can, and so can `own`. */
before(async () => {
  await mkdir(join(root, 'first', 'tool'), { recursive: true });
  for (const folder of ['second', 'third']) await mkdir(join(root, folder));
  for (const [file, mode] of [
    ['second/tool', 0o600],
    ['third/tool', 0o700],
    ['own', 0o700],
  ] as const) {
    await writeFile(join(root, file), '#!/bin/sh\n');
    await chmod(join(root, file), mode);
  }
});

describe('a program is found as a shell finds it', () => {
  const find = (program: string, path?: string) => findProgram(program, { path, workingDirectory: root });

  it('in the first folder of the PATH whose file of that name can be executed', () => {
    const path = ['first', 'second', 'third'].map((name) => join(root, name)).join(':');

    assert.equal(find('tool', path), join(root, 'third', 'tool'));
    assert.equal(find('tool', join(root, 'first')), null);
  });

  it('by folders that are seen from where the command runs, an empty one included', () => {
    assert.equal(find('tool', 'third'), join(root, 'third', 'tool'));
    assert.equal(find('own', ''), join(root, 'own'));
    assert.equal(find('own', '/nowhere:'), join(root, 'own'));
  });

  it('by its path, seen from where the command runs, whatever the PATH', () => {
    assert.equal(find('./own', '/nowhere'), join(root, 'own'));
    assert.equal(find('first/tool', '/nowhere'), null);
  });

  it('without a PATH where every system has them', () => {
    assert.notEqual(find('sh'), null);
    assert.equal(find('own'), null);
  });
});
