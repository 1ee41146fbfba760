import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { renderClientSource } from '../../cli/client-source.ts';
import { readApiDescription } from '../../cli/read-api-description.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

const root = join(import.meta.dirname, '../..');

describe('the client', () => {
  it('has a function for everything the hub does (npm run generate:client writes it)', async () => {
    const source = renderClientSource(await readApiDescription());

    const formatted = execFileSync(
      join(root, 'node_modules/.bin/biome'),
      ['check', '--write', '--stdin-file-path=client/operations.ts'],
      { cwd: root, input: source, encoding: 'utf8' },
    );

    assert.equal(readFileSync(join(root, 'client/operations.ts'), 'utf8'), formatted);
  });
});
