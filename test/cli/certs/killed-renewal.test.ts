import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadTlsMaterial } from '../../../hub/tls/tls-material.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { openTlsFiles } from '../../../runtime/network/tls-files.ts';
import { isPemPair } from '../../../runtime/renewed-certificate.ts';
import { farhand } from '../../support/farhand-process.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { runCommand } from '../../support/run-command.ts';

checkLeaks();

const preload = join(import.meta.dirname, '../../support/fixtures/killed-at-rename.mjs');

async function createPair() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'farhand-renewal-'));
  const at = (name: string) => join(folder.path, 'certs', name);
  for (const args of [['ca'], ['hub', 'localhost']]) await runCommand(['certs', ...args], { folder: folder.path });
  const read = (name: string) => readFileSync(at(name), 'utf8');
  return {
    renew: () => runCommand(['certs', 'renew', 'certs/hub.pem'], { folder: folder.path }),
    /** Is killed when it is about to rename for the `time`-th time. */
    renewAndDie: (time: number) =>
      farhand(['certs', 'renew', 'certs/hub.pem'], {
        folder: folder.path,
        environment: { NODE_OPTIONS: `--import=${preload}`, KILL_AT_RENAME: String(time) },
      }),
    files: () => readdirSync(join(folder.path, 'certs')).toSorted(),
    key: () => read('hub.key'),
    fits: () => isPemPair(read('hub.pem'), read('hub.key')),
    /** What a hub, and an agent that shows the same pair, take at their start. */
    async start() {
      const [cert, key] = [at('hub.pem'), at('hub.key')];
      const options = { certificatePath: cert, keyPath: key, clientCaPath: null, clientCertificates: 'none' } as const;
      const hub = await loadTlsMaterial(options);
      const agent = openTlsFiles({ ca: null, cert, key, serverName: null }, silentLogger).read();
      return { hub, agent };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('a renewal that is killed', () => {
  it('before it replaced anything leaves the pair from before', async () => {
    await using pair = await createPair();
    const key = pair.key();

    const { exitCode } = await pair.renewAndDie(1);

    assert.equal(exitCode, null);
    assert.deepEqual([pair.key(), pair.fits()], [key, true]);
    const { hub } = await pair.start();
    assert.equal(hub.key, key);
  });

  it('between key and certificate leaves a whole pair, with which hub and agent start', async () => {
    await using pair = await createPair();
    const before = (await pair.start()).hub;

    const { exitCode } = await pair.renewAndDie(2);

    const { hub, agent } = await pair.start();
    assert.equal(exitCode, null);
    assert.equal(pair.fits(), false);
    assert.notEqual(hub.key, before.key);
    assert.notEqual(hub.leaf.serialNumber, before.leaf.serialNumber);
    assert.equal(isPemPair(hub.certificate, hub.key), true);
    assert.doesNotThrow(() => agent.forServers());
    assert.equal(agent.certificate?.notAfter, hub.leaf.validToDate.getTime());
  });

  it('is made good by the next one, and whole again where that is killed as well', async () => {
    await using pair = await createPair();
    await pair.renewAndDie(2);
    const first = (await pair.start()).hub;

    // Its first rename ends what the one before began.
    await pair.renewAndDie(2);
    const second = (await pair.start()).hub;
    const isWhole = pair.fits();
    await pair.renewAndDie(2);
    const third = (await pair.start()).hub;
    const renewed = await pair.renew();

    assert.deepEqual([second.key, isWhole], [first.key, true]);
    assert.notEqual(third.key, second.key);
    assert.equal(renewed.exitCode, 0, renewed.stderr);
    assert.equal(pair.fits(), true);
    assert.deepEqual(pair.files(), ['ca.key', 'ca.pem', 'hub.key', 'hub.pem']);
  });
});
