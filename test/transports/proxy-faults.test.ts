import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { silentLogger } from '../../runtime/logger.ts';
import { createOutlet } from '../../runtime/network/outlet.ts';
import { noTlsSettings } from '../../runtime/network/tls-files.ts';
import { createAuthority } from '../support/certificates.ts';
import { findClosedPort } from '../support/find-closed-port.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { failureOf, outletWith, waysOut } from './ways-out.ts';

checkLeaks();

const folder = mkdtempSync(join(tmpdir(), 'farhand-proxy-faults-'));
const authority = createAuthority(folder);
const certificate = authority.issue({ names: 'IP:127.0.0.1', days: 30 });
after(() => rmSync(folder, { recursive: true }));

/** Somebody who takes connections for a proxy: `answer` is all that it says to whatever it is asked, then it hangs up. */
async function listen(
  answer: string,
  { isSecure = false }: { readonly isSecure?: boolean } = {},
): Promise<AsyncDisposable & { readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const take = (socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      asked.push(bytes.toString('latin1'));
      socket.end(answer);
    });
  };
  const server: Server = isSecure ? createTlsServer(certificate, take) : createServer(take);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

const page = '<html><title>Welcome</title><body>Sign in</body></html>';

function http(status: string, body = '', headers = ''): string {
  return `HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
}

interface Case {
  readonly what: string;
  readonly answer: string;
  /** Before the host in the URL. */
  readonly login?: string;
  readonly code: string;
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  {
    what: 'wants a login',
    answer: http('407 Proxy Authentication Required', page, 'Proxy-Authenticate: Basic realm="x"\r\n'),
    code: 'proxy-login',
    says: /wants a login \(407 .*FARHAND_PROXY_FILE/,
  },
  {
    what: 'wants another login',
    answer: http('407 Proxy Authentication Required', page),
    login: 'jane:pass%40word@',
    code: 'proxy-login',
    says: /does not accept the user and password of FARHAND_PROXY \(407/,
  },
  {
    what: 'refuses the hub',
    answer: http('403 Forbidden', page),
    code: 'proxy-refused',
    says: /does not let this machine to hub\.example\.org:443 \(403 Forbidden\): have its administrator allow CONNECT/,
  },
  {
    what: 'cannot reach the hub',
    answer: http('503 Service Unavailable', page),
    code: 'proxy-no-way',
    says: /cannot reach hub\.example\.org:443 \(503/,
  },
  {
    what: 'is a web server',
    answer: http('404 Not Found', page),
    code: 'proxy-invalid',
    says: /answers 404 Not Found/,
  },
  { what: 'answers a page', answer: http('200 OK', page), code: 'proxy-invalid', says: /answers with a page/ },
  {
    what: 'redirects',
    answer: http('302 Found', '', 'location: /\r\n'),
    code: 'proxy-invalid',
    says: /answers 302 Found/,
  },
  { what: 'is no HTTP', answer: 'SSH-2.0-OpenSSH_9.6\r\n', code: 'proxy-invalid', says: /something that is no HTTP/ },
  { what: 'hangs up', answer: '', code: 'proxy-invalid', says: /expected a proxy that opens tunnels at/ },
  {
    what: 'has a head without end',
    answer: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`,
    code: 'proxy-invalid',
    says: /expected a proxy that opens tunnels/,
  },
];

for (const way of waysOut) {
  describe(`${way.name} through a proxy`, () => {
    const hub = { isSecure: true, host: 'hub.example.org', port: 443 };

    for (const { what, answer, login = '', code, says } of cases) {
      it(`says so of one that ${what}`, async () => {
        await using proxy = await listen(answer);
        const outlet = outletWith({ proxy: `http://${login}127.0.0.1:${proxy.port}` });

        const failure = await failureOf(way.dial(outlet, hub));

        assert.equal(failure.code, code, failure.said);
        assert.match(failure.said, says);
        assert.doesNotMatch(failure.said, /pass(?:%40|@)word/);
        assert.match(
          proxy.asked[0] ?? '',
          /^CONNECT hub\.example\.org:443 HTTP\/1\.1\r\nhost: hub\.example\.org:443\r\n/i,
        );
        assert.equal(proxy.asked.length, 1);
      });
    }

    it('logs in with what the URL has', async () => {
      await using proxy = await listen(http('403 Forbidden'));
      const outlet = outletWith({ proxy: `http://jane:p%40ss@127.0.0.1:${proxy.port}` });

      await failureOf(way.dial(outlet, hub));

      const login = Buffer.from('jane:p@ss').toString('base64');
      assert.ok(proxy.asked[0]?.toLowerCase().includes(`proxy-authorization: basic ${login}\r\n`.toLowerCase()));
    });

    it('says so where nobody listens', async () => {
      const outlet = outletWith({ proxy: `http://127.0.0.1:${await findClosedPort()}` });

      const { code, said } = await failureOf(way.dial(outlet, hub));

      assert.equal(code, 'proxy-unreachable', said);
      assert.match(said, /no connection to the proxy http:\/\/127\.0\.0\.1:\d+ \(FARHAND_PROXY\): .*ECONNREFUSED/);
    });

    it('says so where its name leads nowhere', async () => {
      const { code, said } = await failureOf(way.dial(outletWith({ proxy: 'http://no-such-proxy.invalid:3128' }), hub));

      assert.equal(code, 'proxy-unreachable', said);
    });

    it('says so where a variable names something else', async () => {
      const environment = { ALL_PROXY: 'socks5://jane:password@127.0.0.1:1080' };
      const outlet = createOutlet({ choice: null, environment, tls: noTlsSettings, logger: silentLogger });

      const { code, said } = await failureOf(way.dial(outlet, hub));

      assert.equal(code, 'proxy-invalid', said);
      assert.match(said, /in ALL_PROXY, got something else/);
      assert.doesNotMatch(said, /password@/);
    });

    it('speaks TLS to one that wants it, and asks there', async () => {
      await using proxy = await listen(http('403 Forbidden'), { isSecure: true });
      const outlet = outletWith({ proxy: `https://127.0.0.1:${proxy.port}`, ca: authority.path });

      const { code, said } = await failureOf(way.dial(outlet, hub));

      assert.equal(code, 'proxy-refused', said);
      assert.match(proxy.asked[0] ?? '', /^CONNECT hub\.example\.org:443 /);
    });

    it('sends nothing to one whose certificate does not hold', async () => {
      await using proxy = await listen(http('403 Forbidden'), { isSecure: true });
      const outlet = outletWith({ proxy: `https://jane:secret@127.0.0.1:${proxy.port}` });

      const { code, said } = await failureOf(way.dial(outlet, hub));

      assert.equal(code, 'certificate-unknown-ca', said);
      assert.match(said, /no TLS connection to the proxy https:\/\/127\.0\.0\.1/);
      assert.deepEqual(proxy.asked, []);
    });

    it('says so of one that speaks TLS and was asked without', async () => {
      await using proxy = await listen('', { isSecure: true });

      const { code, said } = await failureOf(way.dial(outletWith({ proxy: `http://127.0.0.1:${proxy.port}` }), hub));

      assert.equal(code, 'proxy-invalid', said);
      assert.match(said, /expected a proxy that opens tunnels/);
    });

    it('says so of one that was asked over TLS and speaks none', async () => {
      await using proxy = await listen(http('400 Bad Request'));

      const { code, said } = await failureOf(way.dial(outletWith({ proxy: `https://127.0.0.1:${proxy.port}` }), hub));

      assert.equal(code, 'no-tls-there', said);
      assert.match(said, /the proxy https:/);
    });
  });
}
