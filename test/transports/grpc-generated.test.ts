import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { generateProtocol } from '../../build/generate-protocol.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

const committed = join(import.meta.dirname, '../../transports/grpc/generated');

async function readAll(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    await Promise.all(files.map(async (path) => [path.slice(folder.length), await readFile(path, 'utf8')] as const)),
  );
}

it('the code of the protocol is what its .proto files say (npm run generate:protocol writes it)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-protocol-'));
  try {
    await generateProtocol(folder);

    const [kept, made] = [await readAll(committed), await readAll(folder)];
    assert.deepEqual(Object.keys(kept).toSorted(), Object.keys(made).toSorted());
    for (const [path, text] of Object.entries(made))
      assert.ok(kept[path] === text, `${path} is not what is made of it now`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
