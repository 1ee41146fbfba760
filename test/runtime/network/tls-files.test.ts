import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createServer } from 'node:tls';
import { ConfigError } from '../../../runtime/configuration/config-error.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { watchCertificate } from '../../../runtime/network/certificate-watch.ts';
import { createOutlet } from '../../../runtime/network/outlet.ts';
import { toOutletStatus } from '../../../runtime/network/outlet-status.ts';
import { noTlsSettings } from '../../../runtime/network/tls-files.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { createAuthority } from '../../support/certificates.ts';
import { checkLeaks } from '../../support/leak-check.ts';

checkLeaks();

const root = mkdtempSync(join(tmpdir(), 'farhand-tls-files-'));
after(() => rmSync(root, { recursive: true }));
const authority = createAuthority(root);
const { signal } = new AbortController();

/** Own files of a client, a log of what was said of them, and a server that tells which certificate it was shown. */
async function startPlace() {
  const folder = mkdtempSync(join(root, 'place-'));
  const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'own.pem'), key: join(folder, 'own.key') };
  const first = authority.issue({ names: 'DNS:agent', days: 30 });
  writeFileSync(files.ca, readFileSync(authority.path));
  writeFileSync(files.cert, first.cert);
  writeFileSync(files.key, first.key);
  const shown: string[] = [];
  const ca = readFileSync(authority.path, 'utf8');
  const own = authority.issue({ names: 'DNS:localhost', days: 30 });
  const server = createServer({ ...own, ca, requestCert: true, rejectUnauthorized: true }, (socket) => {
    shown.push(socket.getPeerX509Certificate()?.toString() ?? '');
    socket.on('error', () => {});
    socket.write('here');
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const said: string[] = [];
  const say = (_fields: object, message: string) => void said.push(message);
  const logger = { ...silentLogger, info: say, warn: say };
  const outlet = createOutlet({ choice: null, environment: {}, tls: { ...noTlsSettings, ...files }, logger });
  const sockets: Socket[] = [];
  return {
    files,
    shown,
    said,
    outlet,
    first,
    async dial() {
      const { port } = server.address() as AddressInfo;
      const socket = await outlet.open({ host: 'localhost', port, protocols: ['http/1.1'] }, { signal });
      sockets.push(socket);
      await once(socket, 'data');
      return socket;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('files of TLS', () => {
  it('are taken up by the next connection when they changed, and touch none that is open', async () => {
    await using place = await startPlace();
    const second = authority.issue({ names: 'DNS:agent', days: 30 });

    const open = await place.dial();
    writeFileSync(place.files.cert, second.cert);
    writeFileSync(place.files.key, second.key);
    await place.dial();

    assert.deepEqual(place.shown, [place.first.cert, second.cert]);
    assert.equal(open.destroyed, false);
    assert.deepEqual(place.said, ['TLS files read again']);
  });

  it('are kept as they were while a certificate waits for its key, which is said once', async () => {
    await using place = await startPlace();
    const second = authority.issue({ names: 'DNS:agent', days: 30 });

    writeFileSync(place.files.cert, second.cert);
    await place.dial();
    await place.dial();
    const { problem } = place.outlet;
    writeFileSync(place.files.key, second.key);
    await place.dial();

    assert.deepEqual(place.shown, [place.first.cert, place.first.cert, second.cert]);
    assert.match(problem ?? '', /FARHAND_TLS_KEY: expected the key of the certificate in .*own\.pem/);
    assert.equal(place.outlet.problem, null);
    assert.deepEqual(place.said, [
      'TLS files changed and cannot be used, the earlier ones are kept',
      'TLS files read again',
    ]);
  });

  it('are kept as they were while they are missing, half written, or no certificates', async () => {
    await using place = await startPlace();

    for (const text of [
      null,
      '',
      place.first.cert.slice(0, 200),
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    ]) {
      if (text === null) unlinkSync(place.files.ca);
      else writeFileSync(place.files.ca, text);
      await place.dial();
      assert.match(place.outlet.problem ?? '', /FARHAND_TLS_CA: expected/);
    }

    assert.equal(place.shown.length, 4);
  });

  it('may be links, as mounted secrets are', async () => {
    await using place = await startPlace();
    const second = authority.issue({ names: 'DNS:agent', days: 30 });
    writeFileSync(`${place.files.cert}.2`, second.cert);
    writeFileSync(`${place.files.key}.2`, second.key);

    for (const path of [place.files.cert, place.files.key]) {
      unlinkSync(path);
      symlinkSync(`${path}.2`, path);
    }
    await place.dial();

    assert.deepEqual(place.shown, [second.cert]);
  });

  for (const [name, change, says] of [
    [
      'a CA file that is not there',
      { ca: '/nowhere/ca.pem' },
      /FARHAND_TLS_CA: expected a file that can be read, got \/nowhere/,
    ],
    ['a key that is no key', { key: authority.path }, /FARHAND_TLS_KEY: expected the key of the certificate in/],
  ] as const) {
    it(`refuses to begin with ${name}`, async () => {
      await using place = await startPlace();
      const tls = { ...noTlsSettings, ...place.files, ...change };

      assert.throws(
        () => createOutlet({ choice: null, environment: {}, tls, logger: silentLogger }),
        (error) => error instanceof ConfigError && says.test(error.message),
      );
    });
  }
});

describe('the certificate that we show', () => {
  it('is told with the days that it has left, and warned of two weeks before it is over', async () => {
    await using place = await startPlace();
    const clock = createVirtualClock({ startMs: Date.now() });
    const destination = { host: 'hub', port: 443, protocols: [] };
    const day = 86_400_000;

    using _watch = watchCertificate({
      outlet: place.outlet,
      clock,
      logger: { ...silentLogger, warn: (_, message) => place.said.push(message) },
    });
    const before = toOutletStatus(place.outlet, { destination, clock });
    await clock.advance(15 * day);
    const saidEarly = [...place.said];
    await clock.advance(2 * day);
    const later = toOutletStatus(place.outlet, { destination, clock });

    assert.equal(before.certificate?.daysLeft, 29);
    assert.match(before.certificate?.subject ?? '', /CN=server/);
    assert.equal(later.certificate?.daysLeft, 12);
    assert.deepEqual(saidEarly, []);
    assert.ok(place.said.length > 0 && place.said.every((message) => message === 'client certificate is over soon'));
  });
});
