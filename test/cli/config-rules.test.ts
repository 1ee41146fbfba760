import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadAgentConfig } from '../../agent/config.ts';
import { loadClientConfig } from '../../cli/client-config.ts';
import { toApiUrl } from '../../cli/http-url.ts';
import { findUnknownVariables } from '../../cli/unknown-variables.ts';
import { loadHubConfig, toTlsOptions } from '../../hub/config.ts';

const hub = (environment: Record<string, string>) => () => loadHubConfig({ environment, flags: {} });
const client = (environment: Record<string, string>) => () => loadClientConfig({ environment, flags: {} });
const agent = (environment: Record<string, string>) => () => loadAgentConfig({ environment, flags: {} });

describe('plain text beyond this machine is refused unless told otherwise', () => {
  it('for a hub that listens', () => {
    assert.throws(
      hub({ FARHAND_LISTEN: '0.0.0.0:7400' }),
      /FARHAND_LISTEN: expected an address of this machine alone.*FARHAND_INSECURE=true/,
    );
    assert.throws(hub({ FARHAND_LISTEN: '10.1.2.3:7400' }), /got 10\.1\.2\.3/);
    assert.equal(hub({ FARHAND_LISTEN: '0.0.0.0:7400', FARHAND_INSECURE: 'true' })().listen.host, '0.0.0.0');
    assert.equal(hub({ FARHAND_LISTEN: '[::1]:7400' })().listen.host, '::1');
  });

  it('and with a certificate it is no plain text', () => {
    const pair = { FARHAND_TLS_CERT: '/etc/hub.pem', FARHAND_TLS_KEY: '/etc/hub.key' };

    assert.equal(hub({ FARHAND_LISTEN: '0.0.0.0:7400', ...pair })().listen.host, '0.0.0.0');
    assert.throws(hub({ FARHAND_TLS_CERT: '/etc/hub.pem' }), /FARHAND_TLS_KEY: expected it beside FARHAND_TLS_CERT/);
    assert.throws(hub({ FARHAND_TLS_KEY: '/etc/hub.key' }), /FARHAND_TLS_CERT: expected it beside FARHAND_TLS_KEY/);
    assert.throws(hub({ FARHAND_TLS_CLIENT_CA: '/etc/ca.pem' }), /FARHAND_TLS_CLIENT_CA: expected FARHAND_TLS_CERT/);
    assert.throws(
      hub({ ...pair, FARHAND_TLS_CLIENT: 'required' }),
      /FARHAND_TLS_CLIENT: expected FARHAND_TLS_CLIENT_CA with required/,
    );
    assert.throws(
      hub({ ...pair, FARHAND_TLS_CLIENT_CA: '/etc/ca.pem', FARHAND_TLS_CLIENT: 'none' }),
      /FARHAND_TLS_CLIENT: expected optional or required/,
    );
  });

  it('asks every client for a certificate when it knows whose count, unless told otherwise', () => {
    const given = { FARHAND_TLS_CERT: 'a', FARHAND_TLS_KEY: 'b', FARHAND_TLS_CLIENT_CA: 'c' };
    const asked = (more: Record<string, string>) => toTlsOptions(hub({ ...given, ...more })())?.clientCertificates;

    assert.equal(asked({}), 'required');
    assert.equal(asked({ FARHAND_TLS_CLIENT: 'optional' }), 'optional');
  });

  it('for an agent that dials', () => {
    assert.throws(
      agent({ FARHAND_HUB_URL: 'ws://hub.example.org' }),
      /FARHAND_HUB_URL: expected wss:\/\/.*got ws:\/\/hub\.example\.org.*FARHAND_INSECURE=true/,
    );
    assert.equal(agent({ FARHAND_HUB_URL: 'wss://hub.example.org' })().hubUrls?.[0]?.host, 'hub.example.org');
    assert.equal(agent({ FARHAND_HUB_URL: 'ws://hub.example.org', FARHAND_INSECURE: 'yes' })().insecure, true);
    assert.equal(agent({ FARHAND_HUB_URL: 'ws://localhost:7400' })().hubUrls?.[0]?.port, '7400');
    assert.throws(
      agent({ FARHAND_HUB_URL: 'grpc://hub.example.org' }),
      /FARHAND_HUB_URL: expected grpcs:\/\/.*got grpc:\/\/hub\.example\.org.*FARHAND_INSECURE=true/,
    );
    assert.equal(agent({ FARHAND_HUB_URL: 'grpcs://hub.example.org' })().hubUrls?.[0]?.host, 'hub.example.org');
    assert.equal(agent({ FARHAND_HUB_URL: 'grpc://[::1]:7400' })().hubUrls?.[0]?.port, '7400');
    assert.throws(
      agent({ FARHAND_HUB_URL: 'grpcs://hub.example.org/far/hand' }),
      /expected no path, because gRPC has none of its own; got \/far\/hand/,
    );
  });
});

describe('several ways to a hub', () => {
  const hosts = (urls: readonly URL[] | null) => urls?.map(({ protocol, host }) => `${protocol}//${host}`);

  it('are read in their order, with spaces where somebody put them', () => {
    const text = 'wss://a.example.org, grpcs://b.example.org:7400,ws://127.0.0.1:7400';

    assert.deepEqual(hosts(agent({ FARHAND_HUB_URL: text })().hubUrls), [
      'wss://a.example.org',
      'grpcs://b.example.org:7400',
      'ws://127.0.0.1:7400',
    ]);
  });

  it('have each a mistake of its own, and all of them at once', () => {
    const text = 'wss://a.example.org,ftp://b,,wss://user:hunter2@c';
    const mistakes = (error: Error) => {
      assert.match(error.message, /FARHAND_HUB_URL: expected a URL that begins with .*, got "ftp:\/\/b"/);
      assert.match(error.message, /, got ""/);
      assert.match(error.message, /, got "wss:\/\/…@c"/);
      assert.ok(!error.message.includes('a.example.org') && !error.message.includes('hunter2'));
      return true;
    };

    assert.throws(agent({ FARHAND_HUB_URL: text }), mistakes);
    assert.throws(client({ FARHAND_HUB_URL: text }), mistakes);
    assert.throws(agent({ FARHAND_HUB_URL: 'wss://a,wss://a' }), /each once, .*got "wss:\/\/a,wss:\/\/a"/);
  });

  it('are held to the rules one by one', () => {
    const text = 'wss://a.example.org,ws://b.example.org,grpcs://c.example.org/x';
    const mistakes = (error: Error) => {
      assert.match(error.message, /expected wss:\/\/ .*got ws:\/\/b\.example\.org/);
      assert.match(error.message, /expected no path.*got \/x/);
      return true;
    };

    assert.throws(agent({ FARHAND_HUB_URL: text }), mistakes);
    assert.throws(client({ FARHAND_HUB_URL: text }), /expected https:\/\/.*got ws:\/\/b\.example\.org/);
  });

  it('lead a client to the first that is not for gRPC alone', () => {
    const toApi = (text: string) => toApiUrl(client({ FARHAND_HUB_URL: text })().hubUrls ?? [])?.href;

    assert.equal(toApi('grpcs://a.example.org,wss://b.example.org/farhand'), 'https://b.example.org/farhand');
    assert.equal(toApi('grpcs://a.example.org,grpcs://b.example.org'), 'https://a.example.org/');
  });
});

describe('proxies before a hub', () => {
  it('are trusted as they are listed, and nobody unless they are', () => {
    const text = 'loopback, 10.1.0.0/16,2001:db8::1';

    assert.deepEqual(hub({ FARHAND_TRUSTED_PROXIES: text })().trustedProxies, [
      'loopback',
      '10.1.0.0/16',
      '2001:db8::1',
    ]);
    assert.equal(hub({})().trustedProxies, null);
    assert.throws(
      hub({ FARHAND_TRUSTED_PROXIES: '10.1.0.0/16,proxy.example.org,10.0.0.0/99' }),
      /FARHAND_TRUSTED_PROXIES: expected addresses, networks.*got "proxy\.example\.org"[^]*got "10\.0\.0\.0\/99"/,
    );
  });

  it('are where people find the API', () => {
    assert.equal(hub({ FARHAND_PUBLIC_URL: 'https://tools/farhand' })().publicUrl?.pathname, '/farhand');
    assert.throws(
      hub({ FARHAND_PUBLIC_URL: 'tools/farhand' }),
      /FARHAND_PUBLIC_URL: expected a URL that begins with http/,
    );
  });
});

describe('what is reserved and not there yet is refused in words', () => {
  it('other transports, other stores, listening for workers', () => {
    assert.throws(
      agent({ FARHAND_HUB_URL: 'mqtts://broker' }),
      /expected ws:\/\/, wss:\/\/, grpc:\/\/ or grpcs:\/\/, the transports that are there so far; got mqtts:/,
    );
    assert.throws(
      agent({ FARHAND_HUB_URL: 'ws://127.0.0.1', FARHAND_SESSION_LISTEN: '127.0.0.1:0' }),
      /FARHAND_SESSION_LISTEN/,
    );
    assert.throws(
      hub({ FARHAND_STORE: 'postgres://user:hunter2@db/x' }),
      (error: Error) => /FARHAND_STORE/.test(error.message) && !error.message.includes('hunter2'),
    );
  });

  it('an agent without a hub', () => {
    assert.throws(agent({}), /FARHAND_HUB_URL: expected the URL of the hub/);
  });
});

describe('an issuer of tokens', () => {
  const issuer = {
    FARHAND_OIDC_ISSUER: 'https://login.example.org/realms/ops/',
    FARHAND_OIDC_AUDIENCE: 'farhand',
    FARHAND_OIDC_ROLES: 'cn=admins=admin, devs=operator',
  };

  it('is kept as it is written, with its pairs in order', () => {
    const { oidcIssuer, oidcRoles, oidcRoleClaim } = hub(issuer)();

    assert.equal(oidcIssuer, issuer.FARHAND_OIDC_ISSUER);
    assert.deepEqual(oidcRoles, [
      { value: 'cn=admins', role: 'admin' },
      { value: 'devs', role: 'operator' },
    ]);
    assert.equal(oidcRoleClaim, 'groups');
    assert.equal(
      hub({ ...issuer, FARHAND_OIDC_ISSUER: 'http://127.0.0.1:9000' })().oidcIssuer,
      'http://127.0.0.1:9000',
    );
  });

  it('speaks TLS, or is on this machine', () => {
    for (const url of [
      'http://login.example.org',
      'https://login.example.org?a',
      'https://me:pw@login.example.org',
      'login',
    ]) {
      assert.throws(hub({ ...issuer, FARHAND_OIDC_ISSUER: url }), /FARHAND_OIDC_ISSUER: expected https/, url);
    }
  });

  it('is of no use without audience and roles, nor they without it', () => {
    assert.throws(
      hub({ FARHAND_OIDC_ISSUER: 'https://login.example.org' }),
      (error: Error) =>
        /FARHAND_OIDC_AUDIENCE: expected it to be set/.test(error.message) &&
        /FARHAND_OIDC_ROLES: expected it to be set/.test(error.message),
    );
    assert.throws(hub({ FARHAND_OIDC_ACCOUNT_CLAIM: 'team' }), /FARHAND_OIDC_ISSUER: expected it to be set/);
  });

  it('gives roles that there are', () => {
    for (const roles of ['devs', 'devs=', '=admin', 'devs=root', 'devs=admin,', 'devs=ADMIN']) {
      assert.throws(hub({ ...issuer, FARHAND_OIDC_ROLES: roles }), /FARHAND_OIDC_ROLES: expected value=role/, roles);
    }
  });

  it('leaves no doubt whose the administrator’s token is', () => {
    assert.throws(
      hub({ ...issuer, FARHAND_ADMIN_TOKEN: 'abc.def.ghi' }),
      (error: Error) => /FARHAND_ADMIN_TOKEN/.test(error.message) && !error.message.includes('abc.def'),
    );
    assert.equal(hub({ FARHAND_ADMIN_TOKEN: 'abc.def.ghi' })().adminToken, 'abc.def.ghi');
  });
});

describe('findUnknownVariables', () => {
  it('names the nearest one that is read', () => {
    const lines = findUnknownVariables({
      FARHAND_LISTN: '1',
      FARHAND_TOKEN_FILE: 'x',
      FARHAND_QUITE_ELSE: '',
      PATH: '/bin',
    });

    assert.deepEqual(lines, [
      'FARHAND_LISTN is set, but nothing reads it; did you mean FARHAND_LISTEN?',
      'FARHAND_QUITE_ELSE is set, but nothing reads it',
    ]);
  });

  it('knows what a job finds in its environment: jobs may call farhand', () => {
    assert.deepEqual(
      findUnknownVariables({
        FARHAND_PARAM_X: '1',
        FARHAND_SECRET_Y: '2',
        FARHAND_OUTPUTS: '/o',
        FARHAND_ATTEMPT: '1',
        FARHAND_PROGRESS: '/p',
        FARHAND_OUTCOME: 'failed',
      }),
      [],
    );
  });
});

describe('a runner that would not get through to the hub is refused', () => {
  const image = { FARHAND_KUBERNETES: 'in-cluster', FARHAND_KUBERNETES_RUNNER_IMAGE: 'farhand:1' };
  const proxy = { FARHAND_HUB_URL: 'wss://hub.example', FARHAND_PROXY: 'http://proxy.example:3128' };

  it('unless a Secret brings what it needs, its way is another, or there is none', () => {
    assert.throws(
      agent({ ...proxy, ...image }),
      /FARHAND_KUBERNETES_RUNNER_SECRET: expected .* the proxy of FARHAND_PROXY/,
    );
    const ways = [
      { FARHAND_KUBERNETES_RUNNER_SECRET: 'way' },
      { FARHAND_KUBERNETES_HUB_URL: 'wss://hub.inside' },
      { FARHAND_KUBERNETES_RUNNER_IMAGE: 'none' },
    ];
    for (const way of ways) assert.doesNotThrow(agent({ ...proxy, ...image, ...way }));
  });
});
