import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TlsKeeper } from '../../../hub/tls/tls-keeper.ts';
import type { ClientCertificates } from '../../../hub/tls/tls-options.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createTlsFolder, type TlsFolder } from '../../support/tls-folder.ts';
import { until } from '../../support/turns.ts';

checkLeaks();

const dayMs = 86_400_000;
const lookEveryMs = 10_000;
const secondLookMs = 1_000;

async function startKeeper(
  folder: TlsFolder,
  {
    files = folder.files,
    at = Date.now(),
    betweenLooks,
  }: { readonly files?: TlsFolder['files']; readonly at?: number; readonly betweenLooks?: () => void } = {},
) {
  const clock = createVirtualClock({ startMs: at });
  const said: string[] = [];
  const say = (level: string) => (_fields: object, message: string) => void said.push(`${level}: ${message}`);
  const logger = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => logger,
  };
  const opening = TlsKeeper.open({ files, clock, loops: createLoopBoard(clock), logger });
  if (betweenLooks !== undefined) {
    await until(() => said.length > 0 && clock.pending === 1, 'the first look');
    betweenLooks();
    void clock.advance(secondLookMs);
  }
  const keeper = await opening;
  let changes = 0;
  keeper.watch(() => {
    changes += 1;
  });
  return {
    keeper,
    clock,
    said,
    get changes() {
      return changes;
    },
    /** Waits for the next look. */
    async look() {
      await clock.advance(lookEveryMs);
      await keeper.look();
    },
    async [Symbol.asyncDispose]() {
      await keeper[Symbol.asyncDispose]();
      assert.equal(clock.pending, 0, 'a timer was left');
    },
  };
}

const pairFor = (folder: TlsFolder, days: number) => folder.authority.issue({ names: 'DNS:localhost', days });

describe('the TLS files of a hub', () => {
  it('are looked at again and again, and taken into use when both have changed', async () => {
    using folder = createTlsFolder();
    await using kept = await startKeeper(folder);
    const { serialNumber } = kept.keeper.current.leaf;

    folder.write(pairFor(folder, 50));
    await kept.clock.advance(lookEveryMs);
    await until(() => kept.changes === 1, 'a change');

    assert.notEqual(kept.keeper.current.leaf.serialNumber, serialNumber);
    assert.deepEqual(kept.said, ['info: new TLS files in use']);
    assert.deepEqual(kept.keeper.counts, { changes: 1, failures: 0 });
  });

  it('change nothing as long as they hold the same', async () => {
    using folder = createTlsFolder();
    await using kept = await startKeeper(folder);

    writeFileSync(folder.files.certificatePath, readFileSync(folder.files.certificatePath));
    await kept.look();

    assert.equal(kept.changes, 0);
    assert.deepEqual(kept.said, []);
  });

  it('are found behind links that are turned, as Kubernetes turns them', async () => {
    using folder = createTlsFolder();
    const at = (name: string) => join(folder.path, name);
    symlinkSync(folder.path, at('..data'));
    const files = {
      ...folder.files,
      certificatePath: join(at('..data'), 'hub.pem'),
      keyPath: join(at('..data'), 'hub.key'),
    };
    await using kept = await startKeeper(folder, { files });
    using other = createTlsFolder();

    rmSync(at('..data'));
    symlinkSync(other.path, at('..data'));
    await kept.look();

    assert.equal(kept.changes, 1);
  });

  const spoil: Readonly<Record<string, readonly [(folder: TlsFolder) => void, RegExp]>> = {
    'the certificate is half written': [
      ({ files }) => writeFileSync(files.certificatePath, readFileSync(files.certificatePath, 'utf8').slice(0, 300)),
      /FARHAND_TLS_CERT: .*hub\.pem: expected certificates in PEM, .*not whole/,
    ],
    'the certificate is something else': [
      ({ files }) => writeFileSync(files.certificatePath, 'hello'),
      /FARHAND_TLS_CERT: .*no certificate is in it/,
    ],
    'the key is half written': [
      ({ files }) => writeFileSync(files.keyPath, readFileSync(files.keyPath, 'utf8').slice(0, 100)),
      /FARHAND_TLS_KEY: .*hub\.key: expected a private key in PEM, got something else/,
    ],
    'the key is of another certificate': [
      (folder) => writeFileSync(folder.files.keyPath, pairFor(folder, 1).key),
      /FARHAND_TLS_KEY: expected the key of the first certificate in .*hub\.pem, got another one/,
    ],
    'the key has a passphrase': [
      ({ files }) =>
        writeFileSync(
          files.keyPath,
          '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
        ),
      /FARHAND_TLS_KEY: .*a passphrase/,
    ],
    'the key is gone': [
      ({ files }) => rmSync(files.keyPath),
      /FARHAND_TLS_KEY: expected a file that can be read, got .*hub\.key \(ENOENT/,
    ],
    'the certificate is over already': [
      (folder) => folder.write(pairFor(folder, -1)),
      /FARHAND_TLS_CERT: expected a certificate that is valid now/,
    ],
    'the CA of clients is empty': [
      ({ clientAuthority }) => writeFileSync(clientAuthority.path, ''),
      /FARHAND_TLS_CLIENT_CA: .*no certificate is in it/,
    ],
  };
  for (const [what, [act, words]] of Object.entries(spoil)) {
    it(`stay as they were in use when ${what}, which is said once, and heal by themselves`, async () => {
      using folder = createTlsFolder({ clientCertificates: 'required' });
      await using kept = await startKeeper(folder);
      const before = kept.keeper.current;
      const clientCa = readFileSync(folder.clientAuthority.path);

      act(folder);
      await kept.look();
      await kept.look();

      assert.equal(kept.keeper.current, before);
      assert.equal(kept.changes, 0);
      assert.match(kept.keeper.status().problem ?? '', words);
      assert.deepEqual(kept.said, ['error: new TLS files cannot be used; those from before stay in use']);
      assert.deepEqual(kept.keeper.counts, { changes: 0, failures: 1 });

      writeFileSync(folder.clientAuthority.path, clientCa);
      folder.write(pairFor(folder, 60));
      await kept.look();

      assert.equal(kept.keeper.status().problem, null);
      assert.equal(kept.changes, 1);
    });
  }

  it('are in use again when they are put back as they were', async () => {
    using folder = createTlsFolder();
    await using kept = await startKeeper(folder);
    const pair = { cert: kept.keeper.current.certificate, key: kept.keeper.current.key };
    rmSync(folder.files.keyPath);
    await kept.look();

    folder.write(pair);
    await kept.look();

    assert.equal(kept.keeper.status().problem, null);
    assert.equal(kept.changes, 0);
  });

  it('may be over when the hub starts: that is said, and it serves', async () => {
    using folder = createTlsFolder();
    folder.write(pairFor(folder, -1));

    await using kept = await startKeeper(folder);

    assert.deepEqual(kept.said, ['error: a TLS certificate of the hub has expired']);
    assert.equal(kept.keeper.status().certificate.daysLeft < 0, true);
  });

  it('keep a hub from starting when they are no good', async () => {
    using folder = createTlsFolder();
    chmodSync(folder.files.keyPath, 0o600);
    writeFileSync(folder.files.keyPath, pairFor(folder, 1).key);

    await assert.rejects(startKeeper(folder, { betweenLooks: () => {} }), { name: 'TlsError', code: 'tls-mismatch' });
  });

  it('are read a second time where a hub starts while they are being replaced', async () => {
    using folder = createTlsFolder();
    const { cert, key } = pairFor(folder, 50);
    writeFileSync(folder.files.certificatePath, cert);

    await using kept = await startKeeper(folder, {
      betweenLooks: () => writeFileSync(folder.files.keyPath, key),
    });

    assert.equal(kept.keeper.current.key, key);
    assert.deepEqual(kept.said, ['warn: TLS files do not fit together; they are read once more']);
  });

  it('are warned of in the log when 30, 14 and 3 days are left, and when they are over', async () => {
    using folder = createTlsFolder({ clientCertificates: 'optional' });
    writeFileSync(folder.clientAuthority.path, readFileSync(folder.authority.path));
    folder.write(pairFor(folder, 100));
    // The CAs of the test are for 60 days.
    await using kept = await startKeeper(folder, { at: Date.now() + 28 * dayMs });
    const counts: number[] = [];

    for (const days of [3, 10, 8, 7, 3, 2]) {
      await kept.clock.advance(days * dayMs);
      await kept.keeper.look();
      counts.push(kept.said.length);
    }

    assert.deepEqual(counts, [1, 1, 2, 2, 3, 4]);
    assert.match(kept.said[3] ?? '', /expired/);
  });

  it('are on the status with what is left of them', async () => {
    using folder = createTlsFolder({ clientCertificates: 'required' });
    await using kept = await startKeeper(folder);

    const { certificate, clientCertificates, clientCa, problem } = kept.keeper.status();

    assert.equal(certificate.names, 'DNS:localhost, IP Address:127.0.0.1');
    assert.equal(certificate.daysLeft, 99);
    assert.equal(clientCertificates, 'required' satisfies ClientCertificates);
    assert.equal(clientCa?.subject, 'CN=test-ca');
    assert.equal(problem, null);
  });
});
