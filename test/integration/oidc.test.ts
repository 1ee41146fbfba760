import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { importJWK, SignJWT } from 'jose';
import type { Finding } from '../../cli/doctor/check.ts';
import { createAuthority } from '../support/certificates.ts';
import { createPlace, farhand, startFarhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { makeSigningKey, startOidcIssuer, toPublicJwk } from '../support/oidc-issuer.ts';
import { runCommand } from '../support/run-command.ts';
import { startStandInHub } from '../support/stand-in-hub.ts';
import { startTunnelProxy } from '../support/tunnel-proxy.ts';

checkLeaks();

function toIssuerFinding(stdout: string) {
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return findings.find(({ check }) => check === 'issuer');
}

describe('a hub with an issuer', () => {
  it('lets people do with commands what their role allows, and says who it was', async () => {
    await using issuer = await startOidcIssuer({
      ada: { claims: { roles: ['ops'] } },
      bob: { claims: { roles: ['gardeners'] } },
    });
    await using place = await createPlace();
    const hub = await place.hub({
      FARHAND_OIDC_ISSUER: issuer.url,
      FARHAND_OIDC_AUDIENCE: 'farhand',
      FARHAND_OIDC_ROLE_CLAIM: 'roles',
      FARHAND_OIDC_ROLES: 'ops=operator',
    });
    await using _hub = hub.process;
    const as = async (client: string) => ({
      environment: { FARHAND_HUB_URL: hub.address, FARHAND_TOKEN: await issuer.token(client) },
    });
    const request = ['run', 'greet', '--detach', '--queue-unknown'];

    const made = await runCommand(request, await as('ada'));
    const refused = await runCommand(request, await as('bob'));
    await using events = startFarhand(['events', '--json', '--job', made.stdout.trim()], await as('ada'));
    const [, actor] = await events.line(/"actor":"([^"]*)"/);

    assert.equal(made.exitCode, 0);
    assert.equal(actor, `user:${new URL(issuer.url).host}/ada`);
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /the claim "roles"/);
  });

  it('starts while the issuer is down, says so, and lets its users in once it is back', async () => {
    await using issuer = await startOidcIssuer({ ada: { claims: { groups: ['ops'] } } });
    const token = await issuer.token('ada');
    await issuer.stop();
    await using place = await createPlace();
    const hub = await place.hub({
      FARHAND_OIDC_ISSUER: issuer.url,
      FARHAND_OIDC_AUDIENCE: 'farhand',
      FARHAND_OIDC_ROLES: 'ops=viewer',
    });
    await using process = hub.process;
    const call = () => fetch(`${hub.address}/api/v1/jobs`, { headers: { authorization: `Bearer ${token}` } });

    await process.said(/keys of the issuer cannot be had now/);
    const down = await call();
    const own = await fetch(`${hub.address}/api/v1/jobs`, {
      headers: { authorization: `Bearer ${hub.client['FARHAND_TOKEN']}` },
    });
    await issuer.start();
    let back = await call();
    while (back.status === 503) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      back = await call();
    }

    assert.deepEqual([down.status, own.status, back.status], [503, 200, 200]);
    assert.match(down.headers.get('retry-after') ?? '', /^\d+$/);
  });

  it('is looked at by the doctor', async () => {
    await using issuer = await startOidcIssuer({});
    await using place = await createPlace();
    const look = async (url: string) => {
      const { stdout } = await farhand(['doctor', '--hub', '--json'], {
        environment: {
          FARHAND_DATA: join(place.folder, 'hub'),
          FARHAND_LISTEN: '127.0.0.1:0',
          FARHAND_OIDC_ISSUER: url,
          FARHAND_OIDC_AUDIENCE: 'farhand',
          FARHAND_OIDC_ROLES: 'ops=viewer',
        },
      });
      return toIssuerFinding(stdout);
    };

    const well = await look(issuer.url);
    const slash = await look(`${issuer.url}/`);
    await issuer.stop();
    const down = await look(issuer.url);

    assert.equal(well?.verdict, 'ok');
    assert.equal(slash?.verdict, 'fault');
    assert.match(slash?.message ?? '', /expected the issuer/);
    assert.match(slash?.remedy ?? '', /a slash at the end counts/);
    assert.equal(down?.verdict, 'fault');
    assert.match(down?.message ?? '', /ECONNREFUSED/);
  });

  it('is believed over TLS alone, and reached through the proxy and by the CA that the hub is told', async () => {
    await using place = await createPlace();
    const authority = createAuthority(place.folder);
    const key = await makeSigningKey('RS256', 'first');
    const host = 'issuer.farhand.invalid';
    const url = () => `https://${host}:${issuer.port}`;
    await using issuer = await startStandInHub({
      tls: authority.issue({ names: `DNS:${host}`, days: 30 }),
      answer: (request, response) => {
        const isKeys = request.url === '/jwks';
        const body = isKeys ? { keys: [toPublicJwk(key)] } : { issuer: url(), jwks_uri: `${url()}/jwks` };
        response.end(JSON.stringify(body));
      },
    });
    await using proxy = await startTunnelProxy(issuer.port);
    const token = await new SignJWT({ groups: ['ops'] })
      .setProtectedHeader({ alg: 'RS256', kid: 'first' })
      .setIssuer(url())
      .setAudience('farhand')
      .setSubject('ada')
      .setExpirationTime('1h')
      .sign(await importJWK(key, 'RS256'));
    const common = {
      FARHAND_OIDC_ISSUER: url(),
      FARHAND_OIDC_AUDIENCE: 'farhand',
      FARHAND_OIDC_ROLES: 'ops=viewer',
    };
    const ways = { FARHAND_PROXY: proxy.url, FARHAND_TLS_CA: authority.path };
    const look = async (environment: Readonly<Record<string, string>>) => {
      const { stdout } = await farhand(['doctor', '--hub', '--json'], {
        environment: { FARHAND_DATA: join(place.folder, 'hub'), ...common, ...environment },
      });
      return toIssuerFinding(stdout);
    };

    const nowhere = await look({ FARHAND_TLS_CA: authority.path });
    const stranger = await look({ FARHAND_PROXY: proxy.url });
    const known = await look(ways);
    const hub = await place.hub({ ...common, ...ways });
    await using _hub = hub.process;
    const answer = await fetch(`${hub.address}/api/v1/jobs`, { headers: { authorization: `Bearer ${token}` } });

    assert.equal(nowhere?.verdict, 'fault');
    assert.match(nowhere?.remedy ?? '', /FARHAND_PROXY/);
    assert.equal(stranger?.verdict, 'fault');
    assert.match(stranger?.message ?? '', /does not know the CA/);
    assert.match(stranger?.remedy ?? '', /FARHAND_TLS_CA/);
    assert.equal(known?.verdict, 'ok');
    assert.match(known?.message ?? '', /answers through http:\/\/127\.0\.0\.1:\d+ \(FARHAND_PROXY\)/);
    assert.equal(answer.status, 200);
  });

  it('is not asked at all where the file of its CA cannot be used: the hub says so and does not start', async () => {
    await using place = await createPlace();
    const { stderr, exitCode } = await farhand(['hub'], {
      environment: {
        FARHAND_DATA: join(place.folder, 'hub'),
        FARHAND_LISTEN: '127.0.0.1:0',
        FARHAND_OIDC_ISSUER: 'https://issuer.farhand.invalid',
        FARHAND_OIDC_AUDIENCE: 'farhand',
        FARHAND_OIDC_ROLES: 'ops=viewer',
        FARHAND_TLS_CA: '/nonexistent/ca.pem',
      },
    });

    assert.equal(exitCode, 2);
    assert.match(stderr, /FARHAND_TLS_CA: expected a file that can be read/);
  });
});
