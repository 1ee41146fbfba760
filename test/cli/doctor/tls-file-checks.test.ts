import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Found } from '../../../cli/doctor/check.ts';
import { createTlsFileCheck } from '../../../cli/doctor/tls-file-checks.ts';
import { startFarhand } from '../../support/farhand-process.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { runCommand } from '../../support/run-command.ts';
import { createTlsFolder, type TlsFolder } from '../../support/tls-folder.ts';

checkLeaks();

async function look(folder: TlsFolder, host = '127.0.0.1'): Promise<readonly Found[]> {
  chmodSync(folder.files.keyPath, 0o600);
  return [await createTlsFileCheck(folder.files, { host }).look(new AbortController().signal)].flat();
}

const names = 'DNS:localhost,IP:127.0.0.1';

describe('what farhand doctor says of the TLS files of a hub', () => {
  it('that they are in order, for whom and how long', async () => {
    using folder = createTlsFolder({ clientCertificates: 'required' });

    const [found, ...more] = await look(folder);

    assert.equal(found?.verdict, 'ok');
    assert.match(
      found?.message ?? '',
      /certificate and key fit; for DNS:localhost, IP Address:127\.0\.0\.1, until \d{4}-/,
    );
    assert.deepEqual(more, []);
  });

  const cases: Readonly<Record<string, readonly [(folder: TlsFolder) => void, Found['verdict'], RegExp]>> = {
    'a key of another certificate': [
      (folder) => writeFileSync(folder.files.keyPath, folder.authority.issue({ names, days: 1 }).key),
      'fault',
      /FARHAND_TLS_KEY: expected the key of the first certificate/,
    ],
    'a certificate that is not there': [
      (folder) => rmSync(folder.files.certificatePath),
      'fault',
      /FARHAND_TLS_CERT: expected a file that can be read, .*ENOENT/,
    ],
    'a certificate that is over': [
      (folder) => folder.write(folder.authority.issue({ names, days: -1 })),
      'fault',
      /the certificate in .*hub\.pem expired on/,
    ],
    'a certificate that is soon over': [
      (folder) => folder.write(folder.authority.issue({ names, days: 20 })),
      'warning',
      /the certificate in .*hub\.pem expires on \S+, in 19 days/,
    ],
    'a chain in the wrong order': [
      (folder) => {
        const { cert, key } = folder.authority.issue({ names, days: 100 });
        folder.write({ key, cert: `${cert}${readFileSync(folder.clientAuthority.path, 'utf8')}` });
      },
      'fault',
      /are no chain: number 1 \(CN=server\) was not signed by the next/,
    ],
    'a CA of clients that is none': [
      (folder) => writeFileSync(folder.clientAuthority.path, 'x'),
      'fault',
      /FARHAND_TLS_CLIENT_CA: /,
    ],
  };
  for (const [what, [act, verdict, words]] of Object.entries(cases)) {
    it(what, async () => {
      using folder = createTlsFolder({ clientCertificates: 'required' });
      act(folder);

      const [found] = await look(folder);

      assert.equal(found?.verdict, verdict, found?.message);
      assert.match(found?.message ?? '', words);
      assert.notEqual(found?.remedy, null);
    });
  }

  it('an address that the certificate does not name', async () => {
    using folder = createTlsFolder();

    assert.match(
      (await look(folder, '192.0.2.7'))[0]?.message ?? '',
      /FARHAND_LISTEN is 192\.0\.2\.7, and the certificate is for/,
    );
    assert.match((await look(folder, 'hub.example.org'))[0]?.message ?? '', /FARHAND_LISTEN is hub\.example\.org/);
    assert.equal((await look(folder, '0.0.0.0'))[0]?.verdict, 'ok');
  });

  it('a key that everybody may read, and nothing of one that a group may', async () => {
    using folder = createTlsFolder();
    const check = createTlsFileCheck(folder.files, { host: '0.0.0.0' });
    const lookAt = async (mode: number) => {
      chmodSync(folder.files.keyPath, mode);
      return [await check.look(new AbortController().signal)].flat()[0];
    };

    assert.match((await lookAt(0o644))?.message ?? '', /may be read by every user of this machine \(mode 0644\)/);
    assert.equal((await lookAt(0o640))?.verdict, 'ok');
  });

  it('and of a hub with TLS that answers at its address', async () => {
    using folder = createTlsFolder();
    const files = { FARHAND_TLS_CERT: folder.files.certificatePath, FARHAND_TLS_KEY: folder.files.keyPath };
    const data = `${folder.path}/data`;
    await using hub = startFarhand(['hub'], {
      environment: { FARHAND_LISTEN: '127.0.0.1:0', FARHAND_DATA: data, ...files },
    });
    const { host } = new URL(await hub.ready());

    const { stdout } = await runCommand(['doctor', '--hub'], {
      environment: { PATH: process.env['PATH'] ?? '', FARHAND_LISTEN: host, FARHAND_DATA: data, ...files },
    });

    assert.match(stdout, new RegExp(`ok +listen +a hub answers at ${host}`));
    assert.match(stdout, /(?:ok|warning) +tls files +/);
  });
});
