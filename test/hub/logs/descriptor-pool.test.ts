import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DescriptorPool, type PooledFile } from '../../../hub/logs/descriptor-pool.ts';
import { checkLeaks } from '../../support/leak-check.ts';

checkLeaks();

const folder = await mkdtemp(join(tmpdir(), 'farhand-pool-'));
after(() => rm(folder, { recursive: true }));

function write(pool: DescriptorPool, file: PooledFile, text: string): Promise<unknown> {
  return pool.use(file, (handle) => handle.write(text, 0));
}

describe('a pool of descriptors', () => {
  it('gives nobody a descriptor that was forgotten while it was in use: another file may have its name by then', async () => {
    await using pool = new DescriptorPool(4);
    const file: PooledFile = { path: join(folder, 'log'), mode: 'write' };
    const gate = Promise.withResolvers<void>();
    const user = pool.use(file, () => gate.promise);

    await rm(file.path, { force: true });
    await pool.forget(file);
    await write(pool, file, 'new');
    gate.resolve();
    await user;

    const { text } = await pool.use({ path: file.path, mode: 'read' }, async (handle) => ({
      text: await handle.readFile('utf8'),
    }));
    assert.equal(text, 'new');
  });

  it('lets those wait for a descriptor who find all in use, and forgets none of them', async () => {
    await using pool = new DescriptorPool(1);
    const files = Array.from(
      { length: 20 },
      (_, index): PooledFile => ({ path: join(folder, `${index}`), mode: 'write' }),
    );
    let open = 0;

    const most = await Promise.all(
      files.map((file) =>
        pool.use(file, async () => {
          open += 1;
          const now = open;
          await new Promise(setImmediate);
          open -= 1;
          return now;
        }),
      ),
    );

    assert.equal(Math.max(...most), 1);
  });
});
