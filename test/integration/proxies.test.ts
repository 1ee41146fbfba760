import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createAuthority } from '../support/certificates.ts';
import { openClosedNetwork } from '../support/closed-network.ts';
import { farhand } from '../support/farhand-process.ts';
import { createFaultPlace } from '../support/fault-place.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createRealProxy, isMissing, type ProxyKind } from '../support/real-proxy.ts';
import { openSecureDoor } from '../support/secure-door.ts';
import { until } from '../support/until.ts';

// Agents and commands are in a network of their own from which only the proxy is reached. The hub is behind a door that wants certificates.
checkLeaks({ settleMs: 10_000 });

const network = openClosedNetwork();
after(() => network?.[Symbol.dispose]());

/** tinyproxy takes letters and digits alone. */
const passwords: Readonly<Record<ProxyKind, string>> = { squid: 'p@ss:w/rd-ü', tinyproxy: 'p4ssw0rd' };

/** Nobody else has it: the network is the agent's own. */
const statusPort = 9_400;

async function startPlace({
  kind,
  isSecure = false,
  idleSeconds = 900,
}: {
  readonly kind: ProxyKind;
  /** The proxy is spoken to over TLS. */
  readonly isSecure?: boolean;
  readonly idleSeconds?: number;
}) {
  if (network === null) throw new Error('expected a network, because the test was not skipped');
  await using opened = new AsyncDisposableStack();
  const password = passwords[kind];
  const place = opened.use(await createFaultPlace());
  await place.hub.start();
  const at = (name: string) => join(place.folder, name);
  mkdirSync(at('tls'));
  const authority = createAuthority(at('tls'));
  const own = authority.issue({ names: 'DNS:agent', days: 30 });
  writeFileSync(at('own.pem'), own.cert);
  writeFileSync(at('own.key'), own.key);
  const door = opened.use(
    await openSecureDoor({
      host: network.outside,
      certificate: authority.issue({ names: `IP:${network.outside}`, days: 30 }),
      ca: readFileSync(authority.path, 'utf8'),
      hubPort: Number(new URL(place.address).port),
    }),
  );
  const proxy = opened.use(
    await createRealProxy({
      kind,
      host: network.door,
      login: { user: 'jane', password },
      idleSeconds,
      ...(isSecure ? { certificate: authority.issue({ names: `IP:${network.door}`, days: 30 }) } : {}),
    }),
  );
  await proxy.start();
  const proxyUrl = `${isSecure ? 'https' : 'http'}://jane:${encodeURIComponent(password)}@${proxy.host}:${proxy.port}`;
  writeFileSync(at('proxy-url'), `${proxyUrl}\n`);
  const tls = { FARHAND_TLS_CA: authority.path, FARHAND_TLS_CERT: at('own.pem'), FARHAND_TLS_KEY: at('own.key') };
  const common = { ...network.environment, ...tls };
  const disposables = opened.move();
  return {
    ...place,
    proxy,
    proxyUrl,
    door,
    /** Has the proxy want another password, which it wants from its next start on, and answers its URL with that one. */
    changeLogin(next: string) {
      proxy.setLogin({ user: 'jane', password: next });
      return `http://jane:${encodeURIComponent(next)}@${proxy.host}:${proxy.port}`;
    },
    /** What the agent says of itself, to JSON. */
    async status(): Promise<{ readonly code: number; readonly ready: number; readonly text: string }> {
      const ask = (path: string) => fetch(`http://${network.inside}:${statusPort}${path}`);
      const [status, ready] = await Promise.all([ask('/status'), ask('/readyz')]);
      await ready.text();
      return { code: status.status, ready: ready.status, text: await status.text() };
    },
    /** A command of a person in the network. */
    command: (args: readonly string[], environment: Readonly<Record<string, string>>) =>
      farhand(args, {
        program: network.program,
        environment: {
          ...common,
          FARHAND_HUB_URL: `https://${network.outside}:${door.port}`,
          FARHAND_TOKEN: place.adminToken,
          ...environment,
        },
      }),
    async startAgent(scheme: 'wss' | 'grpcs') {
      const url = `${scheme}://${network.outside}:${door.port}`;
      const environment = {
        ...common,
        FARHAND_HUB_URL: url,
        FARHAND_PROXY_FILE: at('proxy-url'),
        FARHAND_STATUS_LISTEN: `${network.inside}:${statusPort}`,
      };
      const agent = await place.addAgent('a1', environment);
      await agent.launch({}, network.program).line(/^farhand agent ready/m);
      return agent;
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

const whyNot = (kind: ProxyKind) =>
  network === null ? 'no network namespace can be made here (it takes root, and ip)' : isMissing(kind);

const ways = [
  { name: 'squid', kind: 'squid', isSecure: false },
  { name: 'tinyproxy', kind: 'tinyproxy', isSecure: false },
  { name: 'squid that is spoken to over TLS', kind: 'squid', isSecure: true },
] as const;

for (const { name, kind, isSecure } of ways) {
  describe(`through ${name}`, { skip: whyNot(kind) }, () => {
    for (const scheme of ['wss', 'grpcs'] as const) {
      it(`an agent joins and works by ${scheme}, and loses nothing when the proxy is killed in the middle of a job`, async () => {
        await using place = await startPlace({ kind, isSecure });
        const agent = await place.startAgent(scheme);
        const run = 'for i in $(seq 2000); do say "line $i"; done; wait_for go; say done';
        const { id } = await place.api.submit({ automation: 'job', parameters: { run } });
        await place.api.jobWhen(id, 'running', ({ started }) => started === true);

        await place.proxy.kill();
        await agent.said(/no connection to the proxy/);
        await place.proxy.start();
        await place.open('go');

        const job = await place.api.end(id);
        assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
        await place.ledger.check(job, place.api);
        assert.equal(await place.ledger.starts(id), 1);
        assert.match(place.proxy.log(), /CONNECT/);
        const said = readFileSync(join(place.folder, 'a1.log'), 'utf8');
        const password = passwords[kind];
        assert.ok(!said.includes(password) && !said.includes(encodeURIComponent(password)), said);
      });
    }
  });
}

for (const kind of ['squid', 'tinyproxy'] as const) {
  describe(`a way through ${kind}`, { skip: whyNot(kind) }, () => {
    it('goes who names it in HTTPS_PROXY, and nobody without', async () => {
      await using place = await startPlace({ kind });

      const [through, direct, exempt, doctor] = await Promise.all([
        place.command(['jobs', '--json'], { HTTPS_PROXY: place.proxyUrl }),
        place.command(['jobs'], {}),
        place.command(['jobs'], { HTTPS_PROXY: place.proxyUrl, NO_PROXY: '198.18.0.0/15' }),
        place.command(['doctor', '--client'], { https_proxy: place.proxyUrl }),
      ]);

      assert.equal(through.exitCode, 0, through.stderr);
      assert.deepEqual([direct.exitCode, exempt.exitCode], [3, 3]);
      assert.match(direct.stderr, /ENETUNREACH/);
      assert.match(exempt.stderr, /ENETUNREACH/);
      assert.match(doctor.stdout, /proxy .*through http:\/\/10\.[\d.:]+ \(https_proxy\)/);
      assert.match(doctor.stdout, /connection .*opens a tunnel to 198\.18\./);
      assert.match(doctor.stdout, /ok +token/);
    });

    it('goes nobody with a wrong login, and is told so', async () => {
      await using place = await startPlace({ kind });
      const { host, port } = place.proxy;

      const [wrong, none] = await Promise.all([
        place.command(['jobs'], { FARHAND_PROXY: `http://jane:wr0ng-secret@${host}:${port}` }),
        place.command(['jobs'], { FARHAND_PROXY: `http://${host}:${port}` }),
      ]);

      assert.equal(wrong.exitCode, 3);
      assert.match(wrong.stderr, /does not accept the user and password of FARHAND_PROXY/);
      assert.doesNotMatch(wrong.stderr, /wr0ng-secret/);
      assert.match(none.stderr, /wants a login \(407/);
    });

    it('an agent whose login is taken no more stays up, says so without the secret, and works on with the right one', async () => {
      await using place = await startPlace({ kind });
      const agent = await place.startAgent(kind === 'squid' ? 'wss' : 'grpcs');
      const run = 'for i in $(seq 100); do say "line $i"; done; wait_for go; say done';
      const { id } = await place.api.submit({ automation: 'job', parameters: { run } });
      await place.api.jobWhen(id, 'running', ({ started }) => started === true);
      const { pid } = agent;

      await place.proxy.kill();
      const mended = place.changeLogin('an0therSecret');
      await place.proxy.start();
      await agent.said(/does not accept the user and password of FARHAND_PROXY \(40[17]/);
      const online = await place.status();
      assert.equal(agent.pid, pid);
      await agent.kill('SIGTERM');
      // It is up, and its hub is not reached: nobody waits for its ready line.
      const wrong = place.proxyUrl.replace(/jane:.*@/, 'jane:wr0ngSecret@');
      agent.launch({ FARHAND_PROXY_FILE: '', FARHAND_PROXY: wrong }, network?.program);
      await agent.said(/does not accept the user and password of FARHAND_PROXY \(40[17]/);
      const started = await place.status();
      await agent.kill('SIGTERM');
      writeFileSync(join(place.folder, 'proxy-url'), mended);
      await agent.launch({}, network?.program).line(/^farhand agent ready/m);
      await place.open('go');

      for (const { code, ready, text } of [online, started]) {
        assert.deepEqual([code, ready], [200, 503]);
        assert.match(text, /does not accept the user and password of FARHAND_PROXY \(40[17]/);
      }
      const job = await place.api.end(id);
      assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
      await place.ledger.check(job, place.api);
      assert.equal(await place.ledger.starts(id), 1);
      const told = [online.text, started.text, readFileSync(join(place.folder, 'a1.log'), 'utf8')].join('\n');
      for (const secret of [passwords[kind], 'wr0ngSecret', 'an0therSecret']) {
        const forms = [secret, encodeURIComponent(secret), Buffer.from(`jane:${secret}`).toString('base64')];
        for (const form of forms) assert.ok(!told.includes(form), told);
      }
    });

    it('a quiet job loses nothing where the proxy cuts what is idle sooner than we ping', async () => {
      await using place = await startPlace({ kind, idleSeconds: 2 });
      await place.startAgent(kind === 'squid' ? 'grpcs' : 'wss');
      const run = 'for i in $(seq 100); do say "line $i"; done; sleep 5; say middle; wait_for go; say done';

      const { id } = await place.api.submit({ automation: 'job', parameters: { run } });
      const connections = place.door.shown.length;
      await until('the proxy to cut what is idle', () => place.door.shown.length > connections + 2);
      await place.open('go');

      const job = await place.api.end(id);
      assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
      await place.ledger.check(job, place.api);
    });
  });
}

describe('a way through squid that is spoken to over TLS', { skip: whyNot('squid') }, () => {
  it('is gone by who trusts its CA and speaks TLS to it, and who does not is told why', async () => {
    await using place = await startPlace({ kind: 'squid', isSecure: true });
    const { proxyUrl } = place;
    const through = (url: string, more: Readonly<Record<string, string>> = {}) =>
      place.command(['jobs'], { HTTPS_PROXY: url, ...more });

    const [trusted, foreign, plain, wrong, doctor] = await Promise.all([
      through(proxyUrl),
      through(proxyUrl, { FARHAND_TLS_CA: '' }),
      through(proxyUrl.replace('https', 'http')),
      through(proxyUrl.replace(/jane:.*@/, 'jane:wr0ngSecret@')),
      place.command(['doctor', '--client'], { HTTPS_PROXY: proxyUrl }),
    ]);

    assert.equal(trusted.exitCode, 0, trusted.stderr);
    assert.deepEqual([foreign.exitCode, plain.exitCode, wrong.exitCode], [3, 3, 3]);
    assert.match(foreign.stderr, /no TLS connection to the proxy https:.*does not know the CA of its .*FARHAND_TLS_CA/);
    assert.match(plain.stderr, /it speaks TLS: write https:\/\/ for it/);
    assert.match(wrong.stderr, /does not accept the user and password of HTTPS_PROXY \(407/);
    assert.doesNotMatch(wrong.stderr, /wr0ngSecret/);
    assert.match(doctor.stdout, /proxy .*through https:\/\/10\.[\d.:]+ \(HTTPS_PROXY\)/);
    assert.match(doctor.stdout, /connection .*opens a tunnel to 198\.18\./);
  });
});
