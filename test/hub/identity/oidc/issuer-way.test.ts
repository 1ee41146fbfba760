import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fetchIssuerKeys } from '../../../../hub/identity/oidc/fetch-issuer-keys.ts';
import { openIssuerOutlet } from '../../../../hub/identity/oidc/issuer-outlet.ts';
import { OidcError } from '../../../../hub/identity/oidc/oidc-error.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { createOutletFetch } from '../../../../runtime/network/outlet-fetch.ts';
import { parseProxy } from '../../../../runtime/network/proxy.ts';
import { createAuthority, type ServerCertificate } from '../../../support/certificates.ts';
import { checkLeaks } from '../../../support/leak-check.ts';
import { makeSigningKey, toPublicJwk } from '../../../support/oidc-issuer.ts';
import { startStandInHub } from '../../../support/stand-in-hub.ts';
import { startTunnelProxy } from '../../../support/tunnel-proxy.ts';

checkLeaks();

const folder = mkdtempSync(join(tmpdir(), 'farhand-issuer-way-'));
after(() => rmSync(folder, { recursive: true }));
const authority = createAuthority(folder);
const key = toPublicJwk(await makeSigningKey('RS256', 'first'));

/** An issuer at `https://HOST:PORT`, on this machine whatever its host is. */
async function startIssuer(host: string, { tls, answer }: { tls?: ServerCertificate; answer?: RequestListener } = {}) {
  const server = await startStandInHub({
    tls: tls ?? authority.issue({ names: `DNS:${host}`, days: 30 }),
    answer: (request, response) => {
      if (answer !== undefined) return answer(request, response);
      const body = request.url === '/jwks' ? { keys: [key] } : { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` };
      response.end(JSON.stringify(body));
    },
  });
  const issuer = {
    url: `https://${host}:${server.port}`,
    port: server.port,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return issuer;
}

interface Way {
  readonly proxy?: string;
  readonly ca?: string | null;
  readonly environment?: Readonly<Record<string, string>>;
}

/** How many keys came, or the words of what failed. */
async function ask(url: string, { proxy, ca = authority.path, environment = {} }: Way = {}): Promise<number | string> {
  const parsed = proxy === undefined ? null : parseProxy(proxy);
  const outlet = openIssuerOutlet(
    { proxy: parsed === null ? null : { type: 'proxy', proxy: parsed }, tlsCa: ca },
    { environment, logger: silentLogger },
  );
  const { signal } = new AbortController();
  try {
    return (await fetchIssuerKeys(url, { fetch: createOutletFetch(outlet), signal, now: Date.now })).keys.length;
  } catch (error) {
    if (!(error instanceof OidcError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

/** No name service knows it. */
const host = 'issuer.farhand.invalid';

describe('the way to an issuer', () => {
  it('goes through the proxy of the configuration, and through that of the environment in either case', async () => {
    await using issuer = await startIssuer(host);
    await using proxy = await startTunnelProxy(issuer.port);

    const configured = await ask(issuer.url, { proxy: proxy.url });
    const upper = await ask(issuer.url, { environment: { HTTPS_PROXY: proxy.url } });
    const lower = await ask(issuer.url, { environment: { https_proxy: proxy.url } });
    const exempt = await ask(issuer.url, { environment: { HTTPS_PROXY: proxy.url, NO_PROXY: '.invalid' } });

    assert.deepEqual([configured, upper, lower], [1, 1, 1]);
    assert.match(String(exempt), /^unreachable: .*no connection to issuer\.farhand\.invalid/);
    // For where the keys are, and for the keys.
    assert.deepEqual(
      proxy.asked,
      Array.from({ length: 6 }, () => `${host}:${issuer.port}`),
    );
  });

  it('never ends at an issuer without the proxy that it has to go through', async () => {
    await using issuer = await startIssuer('localhost');
    await using proxy = await startTunnelProxy(issuer.port);
    await proxy[Symbol.asyncDispose]();

    const said = await ask(issuer.url, { proxy: proxy.url });

    assert.match(String(said), /^unreachable: .*no connection to the proxy .* \(FARHAND_PROXY\): .*ECONNREFUSED/);
  });

  it('trusts a CA of its own where it is named, and says what to do where it is not', async () => {
    await using issuer = await startIssuer('localhost');

    const named = await ask(issuer.url);
    const stranger = await ask(issuer.url, { ca: null });

    assert.equal(named, 1);
    assert.match(String(stranger), /^unreachable: .*does not know the CA of its certificate .*FARHAND_TLS_CA/);
  });

  it('ends at a certificate that is for another host, or over', async () => {
    const tls = (names: string, days: number) => authority.issue({ names, days });
    await using elsewhere = await startIssuer('localhost', { tls: tls('DNS:elsewhere.example.org', 30) });
    await using expired = await startIssuer('localhost', { tls: tls('DNS:localhost', -1) });

    const other = await ask(elsewhere.url);
    const over = await ask(expired.url);

    assert.match(String(other), /^unreachable: .*for another host .*a name that it has in FARHAND_OIDC_ISSUER/);
    assert.doesNotMatch(String(other), /FARHAND_TLS_SERVER_NAME/);
    assert.match(String(over), /^unreachable: .*its certificate has expired/);
  });

  it('says that no hub shows a certificate to an issuer that wants one', async () => {
    const { cert, key: secret } = authority.issue({ names: 'DNS:localhost', days: 30 });
    const strict = { cert, key: secret, requestCert: true, rejectUnauthorized: true };
    await using issuer = await startIssuer('localhost', { tls: strict });

    const said = await ask(issuer.url);

    assert.match(String(said), /^unreachable: .*certificate of the client.*a hub shows none/);
    assert.doesNotMatch(String(said), /FARHAND_TLS_CERT/);
  });

  it('says that a page is no answer, such as the sign-in of a network', async () => {
    await using page = await startIssuer('localhost', {
      answer: (_request, response) =>
        void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>Sign in</html>'),
    });
    await using redirect = await startIssuer('localhost', {
      answer: (_request, response) => void response.writeHead(302, { location: 'https://login.example.org/' }).end(),
    });

    const said = [await ask(page.url), await ask(redirect.url)];

    assert.match(String(said[0]), /^answer-invalid: .*got a page \(text\/html\); .*sign-in of a proxy/);
    assert.match(String(said[1]), /^answer-invalid: .*expected 200, got 302/);
  });

  it('is given up where the issuer takes the connection and says nothing, at whichever step', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await using halfway = await startIssuer('localhost', {
      answer: (_request, response) => void response.writeHead(200).write('{"issuer":'),
    });
    const { port } = silent.address() as AddressInfo;

    const said = await Promise.all([
      ask(`https://localhost:${port}`),
      ask(`https://issuer.example.org`, { proxy: `http://127.0.0.1:${port}` }),
      ask(halfway.url),
    ]);

    for (const words of said) assert.match(String(words), /^unreachable: .*no answer within 5 s/);
    await new Promise<void>((resolve) => void silent.close(() => resolve()));
  });
});
