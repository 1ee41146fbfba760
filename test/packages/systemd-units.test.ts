import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const units = join(import.meta.dirname, '../../deploy/systemd');
const skip =
  spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not on this machine';

describe('the systemd units', { skip }, () => {
  for (const name of ['farhand-hub.service', 'farhand-agent.service']) {
    it(`${name} is understood by systemd, word by word`, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-units-'));
      const text = await readFile(join(units, name), 'utf8');
      // The program need not be installed here.
      await writeFile(join(folder.path, name), text.replace('/usr/local/bin/farhand', process.execPath));

      const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder.path, name)], {
        encoding: 'utf8',
      });

      assert.equal(`${stdout}${stderr}`, '');
      assert.equal(status, 0);
    });

    it(`${name} leaves what it started alone`, async () => {
      assert.match(await readFile(join(units, name), 'utf8'), /^KillMode=process$/m);
    });
  }
});
