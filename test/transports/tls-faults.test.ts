import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { TlsSettings } from '../../runtime/network/tls-files.ts';
import { createAuthority, type ServerCertificate } from '../support/certificates.ts';
import { issueDated } from '../support/issue-dated.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { failureOf, outletWith, waysOut } from './ways-out.ts';

checkLeaks();

const folder = mkdtempSync(join(tmpdir(), 'farhand-tls-faults-'));
after(() => rmSync(folder, { recursive: true }));
const authority = createAuthority(folder);
mkdirSync(join(folder, 'stranger'));
const stranger = createAuthority(join(folder, 'stranger'));
const good = authority.issue({ names: 'DNS:localhost', days: 30 });

function write(name: string, { cert, key }: ServerCertificate): { readonly cert: string; readonly key: string } {
  const paths = { cert: join(folder, `${name}.cert`), key: join(folder, `${name}.secret`) };
  writeFileSync(paths.cert, cert);
  writeFileSync(paths.key, key);
  return paths;
}
const ofServer = write('server', good);
const ofStranger = write('client', stranger.issue({ names: 'DNS:agent', days: 30 }));

type Listening = AsyncDisposable & { readonly port: number };

/** What every server here does with a connection that is not wanted: nothing. */
async function listen(server: ReturnType<typeof createTcpServer>): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function listenTls(options: TlsOptions): Promise<Listening> {
  return listen(
    createTlsServer({ ALPNProtocols: ['h2', 'http/1.1'], ...options }, (socket) => socket.on('error', () => {})),
  );
}

/** OpenSSL's own server, which says by an alert why it does not let a client in. */
async function listenOpenssl(...args: readonly string[]): Promise<Listening> {
  const files = ['-cert', ofServer.cert, '-key', ofServer.key, '-CAfile', authority.path];
  const strict = ['-Verify', '1', '-verify_return_error', '-alpn', 'h2,http/1.1'];
  const server = spawn('openssl', ['s_server', '-accept', 'localhost:0', ...files, ...strict, ...args]);
  const closed = once(server, 'close');
  let said = '';
  for await (const chunk of server.stdout) {
    said += String(chunk);
    if (/ACCEPT \S+:\d+/.test(said)) break;
  }
  return {
    port: Number(/ACCEPT \S+:(\d+)/.exec(said)?.[1]),
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      await closed;
    },
  };
}

interface Case {
  readonly what: string;
  readonly listen: () => Promise<Listening>;
  /** Left out: `ca` is the one that signed the server's certificate. */
  readonly tls?: Partial<TlsSettings>;
  readonly isPlain?: true;
  /** Any of them: what a client can know differs. */
  readonly codes: readonly (string | null)[];
  readonly says: RegExp;
}

const day = 86_400_000;
const year = (offset: number) => new Date(Date.now() + offset * 365 * day).toISOString().slice(0, 4);

const cases: readonly Case[] = [
  {
    what: 'a certificate that has expired',
    listen: () => listenTls(authority.issue({ names: 'DNS:localhost', days: -1 })),
    codes: ['certificate-expired'],
    says: /its certificate has expired: renew it there/,
  },
  {
    what: 'a certificate that is not valid yet',
    listen: () => {
      const dates = { from: `${year(2)}0101000000Z`, to: `${year(3)}0101000000Z` };
      return listenTls(issueDated(folder, { names: 'DNS:localhost', ...dates }));
    },
    codes: ['certificate-not-yet-valid'],
    says: /not valid yet: set the clock of this machine/,
  },
  {
    what: 'a certificate for another host',
    listen: () => listenTls(authority.issue({ names: 'DNS:elsewhere.example.org', days: 30 })),
    codes: ['certificate-other-host'],
    says: /for another host \(.*elsewhere\.example\.org.*FARHAND_TLS_SERVER_NAME/,
  },
  {
    what: 'a certificate of an unknown CA',
    listen: () => listenTls(good),
    tls: { ca: null },
    codes: ['certificate-unknown-ca'],
    says: /does not know the CA of its certificate .*FARHAND_TLS_CA/,
  },
  {
    what: 'a server of Node that wants a certificate of the client',
    listen: () => listenTls({ ...good, requestCert: true, ca: [], rejectUnauthorized: true }),
    codes: ['client-certificate-missing'],
    says: /wants a certificate of the client \(ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED\): name one/,
  },
  {
    what: 'a server that lets the handshake be, and hangs up',
    listen: () => listen(createTlsServer({ ...good, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => socket.destroy())),
    codes: ['ended'],
    says: /wants a certificate of the client, name one that it accepts and its key: FARHAND_TLS_CERT/,
  },
  {
    what: 'a server that wants a certificate of the client, and says so',
    listen: () => listenOpenssl(),
    codes: ['client-certificate-missing'],
    says: /wants a certificate of the client \(ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED\): name one/,
  },
  {
    what: 'a server of TLS 1.2 that wants a certificate of the client',
    listen: () => listenOpenssl('-tls1_2'),
    codes: ['client-certificate-missing'],
    says: /certificate of the client: name one that it accepts and its key: FARHAND_TLS_CERT/,
  },
  {
    what: 'a server that does not accept the certificate of the client',
    listen: () => listenOpenssl(),
    tls: ofStranger,
    codes: ['client-certificate-refused'],
    says: /does not accept the certificate of the client \(ERR_SSL_.*ALERT_UNKNOWN_CA\)/,
  },
  {
    what: 'TLS spoken to a port without',
    listen: () => listen(createHttpServer((_request, response) => response.end())),
    codes: ['no-tls-there'],
    says: /answers without TLS .*check the scheme and the port/,
  },
  {
    what: 'plaintext spoken to a port of TLS',
    listen: () => listenTls(good),
    isPlain: true,
    codes: ['tls-there', 'ended', null],
    says: /if it speaks TLS, check the scheme|speaks TLS, and was asked without|grpc:\/\/ against grpcs:\/\//,
  },
  {
    what: 'a server of old versions of TLS alone',
    listen: () => listenTls({ ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
    codes: ['tls-version'],
    says: /versions of TLS below 1\.2 alone/,
  },
  {
    what: 'a server that hangs up on TLS',
    listen: () => listen(createTcpServer((socket) => void socket.once('data', () => socket.destroy()))),
    codes: ['ended'],
    says: /ended the connection in the handshake; check that this port speaks TLS/,
  },
];

for (const way of waysOut) {
  describe(`${way.name} over TLS`, () => {
    for (const { what, listen: start, tls = {}, isPlain = false, codes, says } of cases) {
      it(`says so of ${what}`, async () => {
        await using server = await start();
        const outlet = outletWith({ ca: authority.path, ...tls });

        const failure = await failureOf(way.dial(outlet, { isSecure: !isPlain, host: 'localhost', port: server.port }));

        assert.ok(codes.includes(failure.code), `${failure.code}: ${failure.said}`);
        assert.match(failure.said, says);
      });
    }

    it('asks for the name that it was told, and holds the certificate to it', async () => {
      const names: string[] = [];
      const SNICallback: TlsOptions['SNICallback'] = (servername, done) => {
        names.push(servername);
        done(null);
      };
      await using server = await listenTls({
        ...authority.issue({ names: 'DNS:hub.internal', days: 30 }),
        SNICallback,
      });
      const at = { isSecure: true, host: 'localhost', port: server.port };

      const without = await failureOf(way.dial(outletWith({ ca: authority.path }), at));
      const dialled = failureOf(way.dial(outletWith({ ca: authority.path, serverName: 'hub.internal' }), at));
      while (names.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      await server[Symbol.asyncDispose]();
      const told = await dialled;

      assert.equal(without.code, 'certificate-other-host');
      assert.deepEqual(names, ['localhost', 'hub.internal']);
      assert.doesNotMatch(told.said, /certificate-|for another host/);
    });
  });
}
