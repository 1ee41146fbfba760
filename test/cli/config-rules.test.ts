import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadAgentConfig } from '../../agent/config.ts';
import { findUnknownVariables } from '../../cli/unknown-variables.ts';
import { loadHubConfig } from '../../hub/config.ts';

const hub = (environment: Record<string, string>) => () => loadHubConfig({ environment, flags: {} });
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

  it('for an agent that dials', () => {
    assert.throws(
      agent({ FARHAND_HUB_URL: 'ws://hub.example.org' }),
      /FARHAND_HUB_URL: expected wss:\/\/.*got ws:\/\/hub\.example\.org.*FARHAND_INSECURE=true/,
    );
    assert.equal(agent({ FARHAND_HUB_URL: 'wss://hub.example.org' })().hubUrl?.host, 'hub.example.org');
    assert.equal(agent({ FARHAND_HUB_URL: 'ws://hub.example.org', FARHAND_INSECURE: 'yes' })().insecure, true);
    assert.equal(agent({ FARHAND_HUB_URL: 'ws://localhost:7400' })().hubUrl?.port, '7400');
    assert.throws(
      agent({ FARHAND_HUB_URL: 'grpc://hub.example.org' }),
      /FARHAND_HUB_URL: expected grpcs:\/\/.*got grpc:\/\/hub\.example\.org.*FARHAND_INSECURE=true/,
    );
    assert.equal(agent({ FARHAND_HUB_URL: 'grpcs://hub.example.org' })().hubUrl?.host, 'hub.example.org');
    assert.equal(agent({ FARHAND_HUB_URL: 'grpc://[::1]:7400' })().hubUrl?.port, '7400');
    assert.throws(
      agent({ FARHAND_HUB_URL: 'grpcs://hub.example.org/far/hand' }),
      /expected no path, because gRPC has none of its own; got \/far\/hand/,
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
