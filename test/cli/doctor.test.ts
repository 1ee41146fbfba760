import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Finding } from '../../cli/doctor/check.ts';
import { guessRole } from '../../cli/doctor/doctor-role.ts';
import { runChecks } from '../../cli/doctor/run-checks.ts';
import { takeOwnerLock } from '../../runtime/owner-lock.ts';
import { version } from '../../runtime/version.ts';
import { createAuthority } from '../support/certificates.ts';
import { createPlace } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';
import { sampleAgent } from '../support/sample-agent.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { type StandInOptions, startStandInHub } from '../support/stand-in-hub.ts';
import { startTestHub } from '../support/test-hub.ts';

checkLeaks();

type Environment = Readonly<Record<string, string>>;
interface Examination {
  readonly role: string;
  readonly verdict: string;
  readonly findings: readonly Finding[];
  readonly exitCode: number;
  readonly text: string;
}

const path = { PATH: process.env['PATH'] ?? '' };
const isRoot = process.getuid?.() === 0;

async function examine(environment: Environment, ...args: readonly string[]): Promise<Examination> {
  const { stdout, exitCode } = await runCommand(['doctor', '--json', ...args], {
    environment: { ...path, ...environment },
  });
  return { ...JSON.parse(stdout), exitCode, text: stdout };
}

/** The one finding of a check that is not in order; what it says and how to mend it must both fit. */
function assertFound(
  { findings }: Examination,
  check: string,
  verdict: 'fault' | 'warning',
  words: RegExp,
  remedy: RegExp,
): void {
  const found = findings.filter((finding) => finding.check === check);
  const fitting = found.find((finding) => finding.verdict === verdict && words.test(finding.message));
  assert.ok(fitting, `expected a ${verdict} of ${check} like ${words}, got ${JSON.stringify(found)}`);
  assert.match(fitting.remedy ?? '', remedy);
}

function verdictOf({ findings }: Examination, check: string): string | undefined {
  return findings.find((finding) => finding.check === check)?.verdict;
}

async function examineHub(options: StandInOptions, environment: Environment = {}): Promise<Examination> {
  await using hub = await startStandInHub(options);
  return await examine(
    { FARHAND_HUB_URL: `http://127.0.0.1:${hub.port}`, FARHAND_TOKEN: 'sesame-open', ...environment },
    '--client',
  );
}

describe('farhand doctor on the way to a hub', () => {
  it('finds nothing where all is well', async () => {
    const result = await examineHub({ token: 'sesame-open', agents: [sampleAgent()] });

    assert.deepEqual(
      result.findings.filter(({ verdict }) => verdict !== 'ok'),
      [],
    );
    assert.deepEqual([result.exitCode, result.verdict, result.role], [0, 'ok', 'client']);
  });

  it('a name that has no address', async () => {
    const result = await examine({ FARHAND_HUB_URL: 'https://no-such-hub.invalid', FARHAND_TOKEN: 'x' }, '--client');

    assertFound(result, 'dns', 'fault', /no-such-hub\.invalid/, /getent hosts no-such-hub\.invalid/);
    assert.equal(verdictOf(result, 'connection'), 'skipped');
    assert.equal(result.exitCode, 3);
  });

  it('a port where nothing listens', async () => {
    const gone = await startStandInHub();
    await gone[Symbol.asyncDispose]();

    const result = await examine({ FARHAND_HUB_URL: `http://127.0.0.1:${gone.port}` }, '--client');

    assertFound(result, 'connection', 'fault', /nothing listens on port/, /Start the hub there/);
    assert.equal(result.exitCode, 3);
  });

  it('a port that takes connections and never says a word', async () => {
    await using server = await listenSilently();

    const result = await examine({ FARHAND_HUB_URL: `http://127.0.0.1:${server.port}` }, '--client');

    assertFound(result, 'hub', 'fault', /does not answer in HTTP/, /FARHAND_HUB_URL/);
  });

  it('a page of HTML in the place of the hub', async () => {
    const result = await examineHub({
      answer: (_, response) => {
        response.setHeader('content-type', 'text/html');
        response.end('<html><title>Corporate proxy</title></html>');
      },
    });

    assertFound(result, 'hub', 'fault', /is not a hub: .*HTML \(“Corporate proxy”\)/, /a proxy or login page/);
    assert.equal(verdictOf(result, 'token'), 'skipped');
    assert.equal(result.exitCode, 3);
  });

  it('a proxy that takes the token away', async () => {
    const result = await examineHub({
      answer: (request, response) => {
        if (request.url === '/readyz') response.end('{"status":"ok"}');
        else {
          response.writeHead(401, { 'content-type': 'application/problem+json' });
          response.end('{"type":"about:blank","title":"x","status":401,"code":"token-missing","detail":"no token"}');
        }
      },
    });

    assertFound(result, 'token', 'fault', /a token was sent, and the hub got none/, /proxy_set_header Authorization/);
  });

  it('a redirect to a login page', async () => {
    const result = await examineHub({
      answer: (_, response) => response.writeHead(302, { location: 'https://login.example.org/' }).end(),
    });

    assertFound(result, 'hub', 'fault', /302, a redirect to https:\/\/login\.example\.org/, /login page/);
  });

  it('looks at each of several ways, and says of which one it speaks', async () => {
    await using hub = await startTestHub();
    const good = hub.address.replace(/^http/, 'ws');

    const agent = await examine({ FARHAND_HUB_URL: `wss://no-such-hub.invalid,${good}` }, '--agent');

    assertFound(agent, 'dns', 'fault', /^wss:\/\/no-such-hub\.invalid\/: the name/, /getent/);
    const found = agent.findings.find(({ check, verdict }) => check === 'websocket' && verdict === 'ok');
    assert.match(found?.message ?? '', new RegExp(`^${good}/?: `));
  });

  it('a redirect to TLS, and the URL to set', async () => {
    await using hub = await startStandInHub({
      answer: ({ url }, response) => response.writeHead(308, { location: `https://hub.example.org${url}` }).end(),
    });
    const address = `//127.0.0.1:${hub.port}/farhand`;

    const client = await examine({ FARHAND_HUB_URL: `http:${address}` }, '--client');
    const agent = await examine({ FARHAND_HUB_URL: `ws:${address}` }, '--agent');

    assertFound(
      client,
      'hub',
      'fault',
      /308, a redirect/,
      /^Set FARHAND_HUB_URL=https:\/\/hub\.example\.org\/farhand$/,
    );
    assertFound(agent, 'hub', 'fault', /308, a redirect/, /^Set FARHAND_HUB_URL=wss:\/\/hub\.example\.org\/farhand$/);
  });

  it('a URL with a password in it, which is never shown', async () => {
    const client = await examine({ FARHAND_HUB_URL: 'https://me:hunter2@no-such-hub.invalid/?x' }, '--client');
    const agent = await examine({ FARHAND_HUB_URL: 'wss://me:hunter2@no-such-hub.invalid/?x' }, '--agent');

    assertFound(client, 'configuration', 'fault', /without user, query and fragment/, /docs\/config\.md/);
    assertFound(agent, 'dns', 'fault', /no-such-hub\.invalid/, /getent/);
    assert.doesNotMatch(client.text + agent.text, /hunter2/);
  });

  it('a file for the token that is not there', async () => {
    const result = await examine({
      FARHAND_HUB_URL: 'http://127.0.0.1:9',
      FARHAND_TOKEN_FILE: '/no-such-folder/token',
    });

    const words = /FARHAND_TOKEN_FILE: .*\/no-such-folder\/token \(ENOENT: there is none\)/;
    assertFound(result, 'configuration', 'fault', words, /Write your token into that file/);
    assert.equal(result.exitCode, 2);
  });

  it('a proxy that cannot reach the hub behind it', async () => {
    const result = await examineHub({ answer: (_, response) => response.writeHead(502).end('Bad Gateway') });

    assertFound(result, 'hub', 'fault', /a proxy answers, and cannot reach the hub/, /Start the hub/);
  });

  it('another web service that answers in JSON', async () => {
    const result = await examineHub({ answer: (_, response) => response.end('{"name":"some-api"}') });

    assertFound(result, 'hub', 'fault', /is not a hub/, /FARHAND_HUB_URL/);
  });

  it('a proxy that takes the upgrade to a websocket away', async () => {
    await using hub = await startStandInHub({ passesUpgrades: false, token: 'sesame-open', agents: [sampleAgent()] });
    const address = `//127.0.0.1:${hub.port}`;

    const client = await examine({ FARHAND_HUB_URL: `http:${address}`, FARHAND_TOKEN: 'sesame-open' }, '--client');
    const agent = await examine({ FARHAND_HUB_URL: `ws:${address}` }, '--agent');

    assertFound(
      client,
      'websocket',
      'warning',
      /"Upgrade" away; only agents are kept away/,
      /proxy_set_header Upgrade/,
    );
    assertFound(agent, 'websocket', 'fault', /takes the header "Upgrade" away/, /proxy_set_header Upgrade/);
    assert.deepEqual([client.exitCode, client.verdict], [0, 'warning']);
  });

  it('a proxy that does not pass gRPC on', async () => {
    await using hub = await startStandInHub({});

    const agent = await examine({ FARHAND_HUB_URL: `grpc://127.0.0.1:${hub.port}` }, '--agent');

    assert.equal(verdictOf(agent, 'hub'), 'ok');
    assertFound(agent, 'grpc', 'fault', /no call reaches the hub: expected gRPC of a hub/, /grpc_pass/);
  });

  it('a hub that a call of gRPC reaches', async () => {
    await using hub = await startTestHub();

    const agent = await examine({ FARHAND_HUB_URL: hub.address.replace(/^http/, 'grpc') }, '--agent');

    assert.equal(verdictOf(agent, 'grpc'), 'ok');
  });

  it('a clock that differs by an hour, and one that differs by a minute', async () => {
    const hour = await examineHub({ clockMs: 3_600_000 });
    const minute = await examineHub({ clockMs: -60_000 });

    assertFound(hour, 'clock', 'fault', /60 min behind/, /timedatectl set-ntp true/);
    assert.equal(hour.exitCode, 2);
    assertFound(minute, 'clock', 'warning', /(59|60|61) s ahead of/, /timedatectl/);
    assert.equal(minute.exitCode, 0);
  });

  it('a token that the hub does not know', async () => {
    const result = await examineHub({ token: 'another' });

    assertFound(
      result,
      'token',
      'fault',
      /expired, revoked, or of another hub/,
      /farhand token create --role operator/,
    );
    assert.equal(result.exitCode, 3);
    assert.doesNotMatch(result.text, /sesame-open/);
  });

  it('a token that has expired, and none at all, on a real hub', async () => {
    await using hub = await startTestHub();
    const { body } = await hub.call('POST', '/tokens', { role: 'viewer', expiresInSeconds: 0.001 });
    const { token } = body as { readonly token: string };

    const expired = await examine({ FARHAND_HUB_URL: hub.address, FARHAND_TOKEN: token });
    const missing = await examine({ FARHAND_HUB_URL: hub.address });

    assertFound(expired, 'token', 'fault', /expired, revoked/, /FARHAND_TOKEN/);
    assertFound(missing, 'token', 'fault', /there is no token/, /FARHAND_TOKEN_FILE/);
    assert.doesNotMatch(expired.text, new RegExp(token));
  });

  it('another version of the hub, and of an agent', async () => {
    const result = await examineHub({ version: '9.8.7', agents: [sampleAgent({ name: 'old', version: '0.0.1' })] });

    assertFound(result, 'version', 'warning', /and the hub is 9\.8\.7/, /npm install -g farhand@9\.8\.7/);
    assertFound(result, 'agents', 'warning', /old \(0\.0\.1\)/, /Install farhand 9\.8\.7/);
    assert.equal(result.exitCode, 0);
  });

  it('nothing in versions of one minor release apart', async () => {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const hub = `${major}.${minor + 1}.0`;

    const result = await examineHub({
      version: hub,
      agents: [sampleAgent(), sampleAgent({ version: `${major}.${minor + 2}.3` })],
    });

    const found = result.findings.filter(({ check }) => check === 'version' || check === 'agents');
    assert.deepEqual(
      found.map(({ verdict }) => verdict),
      ['ok', 'ok'],
    );
    assert.match(
      found.map(({ message }) => message).join('\n'),
      /they work together[^]*2 of another version that works/,
    );
  });

  it('no agent, and an agent that is not well', async () => {
    const nobody = await examineHub({});
    const ill = await examineHub({
      agents: [sampleAgent({ health: { state: 'degraded', problems: ['the disk is full'] } })],
    });

    assertFound(nobody, 'agents', 'warning', /no agent has joined/, /farhand token create --join/);
    assertFound(ill, 'agents', 'warning', /a1: the disk is full/, /farhand agents a1/);
  });

  it('which proxy is on the way, without its password', async () => {
    const environment = {
      HTTPS_PROXY: 'http://me:proxy-secret@no-such-proxy.invalid:3128',
      FARHAND_TOKEN: 'x',
      FARHAND_HUB_URL: 'https://no-such-hub.invalid',
    };

    const agent = await examine({ ...environment, FARHAND_HUB_URL: 'wss://no-such-hub.invalid' }, '--agent');
    const client = await examine(environment, '--client');
    const exempt = await examine({ ...environment, NO_PROXY: '.invalid' }, '--client');
    const none = await examine({ ...environment, FARHAND_PROXY: 'none' }, '--client');
    const garbled = await examine({ ...environment, HTTPS_PROXY: 'socks5://me:proxy-secret@localhost' }, '--client');

    for (const result of [agent, client]) {
      assert.equal(verdictOf(result, 'proxy'), 'ok');
      assert.match(result.text, /through http:\/\/no-such-proxy\.invalid:3128 \(HTTPS_PROXY\)/);
      assertFound(result, 'dns', 'fault', /no-such-proxy\.invalid/, /HTTPS_PROXY/);
    }
    assert.match(exempt.text, /dialled directly: NO_PROXY names no-such-hub\.invalid/);
    assert.match(none.text, /dialled directly: FARHAND_PROXY is none/);
    assertFound(garbled, 'proxy', 'fault', /HTTPS_PROXY names no proxy/, /FARHAND_PROXY/);
    for (const { text } of [agent, client, exempt, none, garbled]) assert.doesNotMatch(text, /proxy-secret/);
  });

  it('no hub is named', async () => {
    const result = await examine({});

    assertFound(result, 'configuration', 'fault', /FARHAND_HUB_URL is not set/, /farhand dev/);
    assert.equal(result.exitCode, 2);
  });
});

describe('farhand doctor and TLS', () => {
  it('tells an expired certificate from a wrong host and an unknown CA, and shows the token to none of them', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const authority = createAuthority(folder.path);
    const tokens: (string | undefined)[] = [];
    const look = async (names: string, days: number, environment: Environment) => {
      const tls = authority.issue({ names, days });
      await using hub = await startStandInHub({
        tls,
        answer: (request, response) => {
          tokens.push(request.headers.authorization);
          response.setHeader('content-type', 'application/json');
          response.end('{"status":"ok"}');
        },
      });
      const url = `https://localhost:${hub.port}`;
      return await examine({ FARHAND_HUB_URL: url, FARHAND_TOKEN: 'sesame-open', ...environment }, '--client');
    };
    const trusted = { FARHAND_TLS_CA: authority.path };

    const expired = await look('DNS:localhost', -1, trusted);
    const wrongHost = await look('DNS:other.example.org', 90, trusted);
    const unknownCa = await look('DNS:localhost', 90, {});
    const soon = await look('DNS:localhost', 3, trusted);
    const shown = tokens.filter((header) => header !== undefined).length;
    const good = await look('DNS:localhost', 90, trusted);

    const faults = ({ findings }: Examination) =>
      findings.filter(({ check, verdict }) => check === 'tls' && verdict === 'fault').length;
    assertFound(expired, 'tls', 'fault', /expired on \d{4}-/, /Renew it/);
    assertFound(wrongHost, 'tls', 'fault', /expected localhost, got DNS:other\.example\.org/, /FARHAND_HUB_URL/);
    assertFound(unknownCa, 'tls', 'fault', /does not know the CA/, /FARHAND_TLS_CA=/);
    assertFound(soon, 'tls', 'warning', /expires on/, /Renew it/);
    assert.deepEqual([faults(expired), faults(wrongHost), faults(unknownCa)], [1, 1, 1]);
    assert.equal(verdictOf(good, 'tls'), 'ok');
    assert.deepEqual([verdictOf(expired, 'token'), verdictOf(wrongHost, 'token')], ['skipped', 'skipped']);
    // Only where the certificate held (`soon`).
    assert.equal(shown, 1);
    assert.equal(expired.exitCode, 3);
  });

  it('tells TLS that is spoken to a plain port, and the reverse', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    await using plain = await startStandInHub();
    const certificate = createAuthority(folder.path).issue({ names: 'IP:127.0.0.1', days: 30 });
    await using tls = await startStandInHub({ tls: certificate });

    const toPlain = await examine({ FARHAND_HUB_URL: `https://127.0.0.1:${plain.port}` }, '--client');
    const toTls = await examine({ FARHAND_HUB_URL: `http://127.0.0.1:${tls.port}` }, '--client');

    assertFound(toPlain, 'tls', 'fault', /says TLS, and .* answers without/, /http:\/\/127\.0\.0\.1/);
    assertFound(toTls, 'tls', 'fault', /says no TLS, and .* speaks TLS/, /https:\/\/127\.0\.0\.1/);
  });
});

describe('farhand doctor on the machine of an agent', () => {
  /** A data folder and an automations folder as they should be. */
  async function withFolders(
    test: (folders: {
      readonly data: string;
      readonly automations: string;
      readonly environment: Environment;
    }) => Promise<void>,
  ): Promise<void> {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const data = join(place.path, 'data');
    const automations = join(place.path, 'automations');
    mkdirSync(data, { mode: 0o700 });
    mkdirSync(automations);
    writeFileSync(join(automations, 'greet.yaml'), 'run: ["echo", "hello"]\n');
    const environment = { FARHAND_DATA: data, FARHAND_AUTOMATIONS: automations, FARHAND_HUB_URL: 'ws://127.0.0.1:9' };
    await test({ data, automations, environment });
  }

  it('finds the machine in order, changes nothing, and knows that it is an agent', () =>
    withFolders(async ({ data, automations, environment }) => {
      const result = await examine(environment);

      for (const check of ['data folder', 'owner', 'disk', 'automations', 'programs', 'shell', 'boot id', 'inotify']) {
        assert.equal(verdictOf(result, check), 'ok', check);
      }
      assert.equal(result.role, 'agent');
      assert.deepEqual([readdirSync(data), readdirSync(automations)], [[], ['greet.yaml']]);
    }));

  it('a broken file, a missing program and a missing shell', () =>
    withFolders(async ({ automations, environment }) => {
      writeFileSync(join(automations, 'broken.yaml'), 'run: [echo\n');
      writeFileSync(join(automations, 'typo.yaml'), 'rnu: ["echo"]\n');
      writeFileSync(join(automations, 'far.yaml'), 'run: ["no-such-program", "x"]\n');

      const result = await examine(environment);
      const bare = await examine({ ...environment, PATH: '/nonexistent' });

      assertFound(result, 'automations', 'fault', /broken\.yaml:\d+:\d+: /, /Correct the file/);
      assertFound(result, 'automations', 'fault', /typo\.yaml/, /Correct the file/);
      assertFound(
        result,
        'programs',
        'fault',
        /no-such-program is not on the PATH .* far runs it/,
        /no-such-program: install it/,
      );
      assertFound(bare, 'shell', 'fault', /there is no sh on the PATH/, /PATH=/);
      assert.equal(result.exitCode, 2);
    }));

  it('programs that a kind starts, that a file names by an absolute path, and a PATH of its own', () =>
    withFolders(async ({ automations, environment }) => {
      const files = {
        'own.yaml': 'kind: packer\naction: build\nsource: .\ntemplate: x.pkr.hcl\nprogram: no-such-packer\n',
        'beside.yaml': 'kind: tofu\nsource: .\naction: plan\nprogram: ./no-such-tofu\n',
        'hosts.yaml': 'kind: ansible\nplaybook: |\n  - hosts: all\nhosts: a\nenvironment: {PATH: /no-such-path}\n',
        'far.yaml': 'run: ["/no-such-folder/program"]\n',
        'chosen.yaml': 'run: ["no-such-program"]\nenvironment: {PATH: "/opt/${agent.name}"}\n',
        'hooked.yaml': 'run: ["./made-by-a-hook"]\nbefore: ["no-such-hook"]\n',
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(automations, name), text);

      const result = await examine(environment);

      const found = result.findings.filter(({ check }) => check === 'programs').map(({ message }) => message);
      assert.deepEqual(
        found.toSorted(),
        [
          '/no-such-folder/program is no program that can be executed, and far runs it',
          `${automations}/no-such-tofu is no program that can be executed, and beside runs it`,
          'ansible-playbook is not on the PATH that hosts.yaml sets, and hosts runs it',
          'no-such-hook is not on the PATH of this process, and hooked runs it',
          'no-such-packer is not on the PATH of this process, and own runs it',
          'ssh is not on the PATH that hosts.yaml sets, and hosts runs it',
        ].toSorted(),
      );
    }));

  it('no automations folder, and an empty one', () =>
    withFolders(async ({ data, automations, environment }) => {
      const missing = await examine({ ...environment, FARHAND_AUTOMATIONS: join(automations, 'nowhere') });
      const empty = await examine({ ...environment, FARHAND_AUTOMATIONS: data });

      assertFound(missing, 'automations', 'fault', /cannot be read/, /farhand init \S+nowhere/);
      assertFound(empty, 'automations', 'warning', /offers nothing/, /farhand init/);
    }));

  it('an agent that was never let in', () =>
    withFolders(async ({ environment }) => {
      const result = await examine(environment);

      assertFound(result, 'identity', 'fault', /has not joined a hub/, /FARHAND_JOIN_TOKEN/);
    }));

  it('a folder that is open to others, and a key that others may read', () =>
    withFolders(async ({ data, environment }) => {
      chmodSync(data, 0o755);
      writeFileSync(join(data, 'agent.key'), 'x', { mode: 0o644 });

      const result = await examine(environment);

      assertFound(result, 'data folder', 'warning', /open to other users \(mode 755\)/, /chmod go-rw/);
      assertFound(result, 'data folder', 'fault', /agent\.key holds a secret/, /chmod 600/);
    }));

  it('nothing, where others may pass through the folder as jobs of other users have to', () =>
    withFolders(async ({ data, environment }) => {
      chmodSync(data, 0o711);

      const result = await examine(environment);

      assert.equal(verdictOf(result, 'data folder'), 'ok');
    }));

  it('a folder that belongs to somebody else', { skip: isRoot ? false : 'only root can give a folder away' }, () =>
    withFolders(async ({ data, environment }) => {
      chownSync(data, 12_345, 12_345);

      const result = await examine(environment);

      assertFound(result, 'data folder', 'warning', /belongs to user 12345, and this runs as root/, /sudo -u '#12345'/);
    }),
  );

  it('two agents on one folder: by the name, and by who holds it', () =>
    withFolders(async ({ data, environment }) => {
      const identity = { id: '0197a1f0-0000-7000-8000-000000000001', name: 'a1', account: 'default' };
      writeFileSync(join(data, 'identity.json'), JSON.stringify(identity), { mode: 0o600 });
      using _lock = takeOwnerLock(data);

      const other = await examine({ ...environment, FARHAND_NAME: 'b1' });
      const same = await examine({ ...environment, FARHAND_NAME: 'a1' });

      assertFound(other, 'identity', 'fault', /belongs to the agent a1, and FARHAND_NAME says b1/, /FARHAND_DATA/);
      assertFound(other, 'owner', 'warning', new RegExp(`process ${process.pid} uses`), /a folder of its own/);
      assert.equal(verdictOf(same, 'identity'), 'ok');
    }));

  it('a full disk, and one that takes no writing', async (test) => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    using disk = mountSmallDisk(join(place.path, 'disk'), '512k');
    if (disk === null) return test.skip('this process may not mount a disk');
    const data = join(disk.folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(data, 'fill'), Buffer.alloc(400 * 1024));
    const environment = { FARHAND_DATA: data, FARHAND_HUB_URL: 'ws://127.0.0.1:9' };

    const full = await examine(environment, '--agent');
    const hub = await examine(environment, '--hub');
    disk.makeReadOnly();
    const readOnly = await examine(environment, '--agent');

    assertFound(full, 'disk', 'fault', /the disk of \S+ is full/, /df -h/);
    assertFound(hub, 'disk', 'fault', /is full/, /FARHAND_DATA/);
    assertFound(readOnly, 'data folder', 'fault', /read-only/, /remount,rw/);
  });

  it('values that variables do not take, and still looks at the rest', () =>
    withFolders(async ({ environment }) => {
      const result = await examine({ ...environment, FARHAND_HUB_URL: 'htp://hub', FARHAND_SLOTS: 'many' });

      assertFound(result, 'configuration', 'fault', /FARHAND_SLOTS: expected a whole number/, /docs\/config\.md/);
      assertFound(result, 'configuration', 'fault', /FARHAND_HUB_URL: expected a URL/, /docs\/config\.md/);
      assert.equal(verdictOf(result, 'automations'), 'ok');
    }));

  it('a join token that the hub does not know, one that it does, and an agent that it has forgotten', () =>
    withFolders(async ({ data, environment }) => {
      await using hub = await startTestHub();
      const known = await hub.joinToken({ uses: 1 });
      const asAgent = { ...environment, FARHAND_HUB_URL: hub.address.replace('http', 'ws') };

      const wrong = await examine({ ...asAgent, FARHAND_JOIN_TOKEN: 'fhj_not-a-token-of-this-hub' });
      const right = await examine({ ...asAgent, FARHAND_JOIN_TOKEN: known });
      const stranger = { id: '0197a1f0-0000-7000-8000-000000000001', name: 'a1', account: 'default' };
      writeFileSync(join(data, 'identity.json'), JSON.stringify(stranger), { mode: 0o600 });
      const keyless = await examine(asAgent);

      assertFound(wrong, 'credential', 'fault', /no agent may join with the join token/, /farhand token create --join/);
      assert.equal(verdictOf(right, 'credential'), 'ok');
      assert.doesNotMatch(right.text + wrong.text, /fhj_|not-a-token/);
      assertFound(keyless, 'credential', 'fault', /the key of a1 is not there/, /backup/);
      const agents = await hub.call('GET', '/agents');
      assert.deepEqual((agents.body as { items: unknown[] }).items, []);
    }));

  it('an agent that runs on a real hub is well, and goes on as if nobody had looked', async () => {
    await using place = await createPlace();
    const hub = await place.hub();
    await using _hub = hub.process;
    await using _agent = await place.agent(hub.address, hub.client);
    const environment = {
      FARHAND_HUB_URL: hub.address.replace('http', 'ws'),
      FARHAND_NAME: 'a1',
      FARHAND_LABELS: 'site=ams',
      FARHAND_DATA: join(place.folder, 'agent'),
      FARHAND_AUTOMATIONS: join(import.meta.dirname, '../../examples/automations'),
    };

    const asAgent = await examine(environment, '--agent');
    const asHub = await examine(
      { FARHAND_DATA: join(place.folder, 'hub'), FARHAND_LISTEN: new URL(hub.address).host },
      '--hub',
    );
    const { stdout } = await runCommand(['agents', 'a1', '--json'], { environment: hub.client });

    assert.deepEqual(
      asAgent.findings.filter(({ verdict }) => verdict === 'fault'),
      [],
    );
    assert.deepEqual([verdictOf(asAgent, 'credential'), verdictOf(asAgent, 'owner')], ['ok', 'ok']);
    assert.deepEqual([verdictOf(asHub, 'listen'), verdictOf(asHub, 'store')], ['ok', 'ok']);
    assert.equal(JSON.parse(stdout).online, true);
  });
});

describe('farhand doctor on the machine of a hub', () => {
  it('a port that another program has, and an address of another machine', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    await using other = await startStandInHub({ answer: (_, response) => response.end('hello') });

    const taken = await examine({ FARHAND_LISTEN: `127.0.0.1:${other.port}`, FARHAND_DATA: folder.path });
    const foreign = await examine({ FARHAND_LISTEN: '192.0.2.1:7400', FARHAND_DATA: folder.path });

    assertFound(taken, 'listen', 'fault', /is taken by another program/, /ss -ltnp/);
    assertFound(foreign, 'listen', 'fault', /no address of this machine/, /FARHAND_LISTEN=/);
    assertFound(foreign, 'configuration', 'fault', /without TLS/, /docs\/config\.md/);
    assert.equal(taken.role, 'hub');
  });

  it('a store that is none, and one that a newer farhand has changed', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const store = join(folder.path, 'hub.sqlite');
    const newer = Buffer.alloc(100);
    newer.write('SQLite format 3\0', 'latin1');
    newer.writeUInt32BE(9999, 60);
    const look = (bytes: Buffer) => {
      writeFileSync(store, bytes, { mode: 0o600 });
      return examine({ FARHAND_DATA: folder.path, FARHAND_LISTEN: '127.0.0.1:0' });
    };

    const torn = await look(
      Buffer.from('once upon a time, there was a store of jobs, and it got lost, and nobody knew how'),
    );
    const ahead = await look(newer);

    assertFound(torn, 'store', 'fault', /is not a store/, /backup/);
    assertFound(ahead, 'store', 'fault', /schema 9999/, /newer farhand/);
    assert.equal(statSync(store).size, 100);
  });
});

describe('what farhand doctor promises', () => {
  it('a check that hangs is ended by its deadline, and one that throws is a finding', async () => {
    const findings = await runChecks(
      [
        { name: 'hangs', about: 'machine', look: () => new Promise(() => {}) },
        { name: 'throws', about: 'hub', look: () => Promise.reject(new Error('no luck')) },
      ],
      { timeoutMs: 20 },
    );

    assert.deepEqual(
      findings.map(({ check, verdict }) => [check, verdict]),
      [
        ['hangs', 'fault'],
        ['throws', 'fault'],
      ],
    );
    assert.match(findings[1]?.message ?? '', /no luck/);
  });

  it('tells for whom the environment is meant', () => {
    const role = (environment: Environment) => guessRole(environment, '/').role;

    assert.equal(role({}), 'client');
    assert.equal(role({ FARHAND_HUB_URL: 'ws://x', FARHAND_TOKEN: 'x' }), 'client');
    assert.equal(role({ FARHAND_HUB_URL: 'ws://x', FARHAND_JOIN_TOKEN: 'x' }), 'agent');
    assert.equal(role({ FARHAND_LISTEN: '127.0.0.1:0' }), 'hub');
    assert.equal(role({ FARHAND_DATA: '/nowhere' }), 'hub');
    assert.equal(role({ FARHAND_DATA: '/nowhere', FARHAND_HUB_URL: 'ws://x' }), 'agent');
  });

  it('says it in lines for a person, each remedy below its finding', async () => {
    const { stdout, exitCode } = await runCommand(['doctor'], { environment: path });

    assert.equal(exitCode, 2);
    assert.match(
      stdout,
      /^farhand \S+, looking as a client \(.*\)\nfault +configuration +no hub to talk to.*\n +→ Start one here/,
    );
    assert.match(stdout, /\n1 fault, 0 warnings, 0 in order\n$/);
  });

  it('takes one role at a time', async () => {
    const { stderr, exitCode } = await runCommand(['doctor', '--agent', '--hub'], { environment: path });

    assert.equal(exitCode, 2);
    assert.match(stderr, /expected one of --client, --agent and --hub, got 2/);
  });
});

async function listenSilently(): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<{ destroy(): unknown }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
