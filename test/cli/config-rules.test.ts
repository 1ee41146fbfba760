import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadAgentConfig } from '../../agent/config.ts';
import { findUnknownVariables } from '../../cli/unknown-variables.ts';
import { loadHubConfig, toTlsOptions } from '../../hub/config.ts';

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
