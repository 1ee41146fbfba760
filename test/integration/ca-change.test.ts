import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { askJson } from '../support/ask-json.ts';
import type { Environment, FarhandProcess } from '../support/farhand-process.ts';
import { callHttps } from '../support/https-call.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { readSerial } from '../support/read-serial.ts';
import { runCommand } from '../support/run-command.ts';
import { createSecurePlace, type SecurePlace } from '../support/secure-place.ts';
import { until } from '../support/until.ts';

// The order is that of docs/guides/tls.md.
checkLeaks();

/** Each starts a hub twice, and an agent. */
const patient = { timeout: 300_000 };

const old = 'certs/ca.pem';
const next = 'next/ca.pem';
/** On three machines: what each of them trusts is a file of its own. */
const machines = ['hub', 'agent', 'ada'] as const;
type Machine = (typeof machines)[number];

interface Change extends AsyncDisposable {
  readonly place: SecurePlace;
  readonly address: string;
  /** A person. */
  readonly user: Environment;
  readonly agent: FarhandProcess;
  /** Has a machine trust these, and the hub look at once. */
  trusts(machine: Machine, ...cas: readonly string[]): Promise<void>;
  /** Has the new CA sign what is shown on a machine. */
  renews(machine: Machine): Promise<void>;
  /** A job that runs until `go`. */
  begins(): Promise<string>;
  /** Another start of the hub, after KILL. */
  restarts(): Promise<void>;
  /** Who signed what was shown to the hub since it was started. */
  signers(): Promise<readonly string[]>;
  hubSaid(pattern: RegExp): Promise<void>;
}

const shown: Readonly<Record<Machine, string>> = { hub: 'hub', agent: 'agent-a1', ada: 'client-ada' };

async function startChange(scheme: string): Promise<Change> {
  await using opened = new AsyncDisposableStack();
  const place = opened.use(await createSecurePlace());
  const trusted = (machine: Machine) => join(place.folder, `trusted-by-${machine}.pem`);
  const bundle = (machine: Machine, cas: readonly string[]) => place.certs('bundle', trusted(machine), ...cas);
  for (const machine of machines) await bundle(machine, [old]);
  const startHub = () => place.startHub({ FARHAND_TLS_CLIENT_CA: trusted('hub') });
  const { address, client, process } = await startHub();
  let hub = process;
  opened.defer(() => hub[Symbol.asyncDispose]());
  const user = { ...client, FARHAND_TLS_CA: trusted('ada') };
  const agent = opened.use(
    await place.agent(address, user, {
      ...place.pair('agent-a1'),
      FARHAND_TLS_CA: trusted('agent'),
      FARHAND_HUB_URL: address.replace('https', scheme),
      FARHAND_AUTOMATIONS: place.automations,
    }),
  );
  await place.certs('ca', '--folder', 'next');
  let looks = 0;
  /** The hub looks by itself every ten seconds, which is long for a test. */
  const hasLooked = async () => {
    looks += 1;
    hub.kill('SIGHUP');
    await hub.said(new RegExp(`(?:new TLS files in use[^]*){${looks}}`));
  };
  const owned = opened.move();
  return {
    place,
    address,
    user,
    agent,
    async trusts(machine, ...cas) {
      await bundle(machine, cas);
      if (machine !== 'hub') return;
      await hasLooked();
      await hub.said(new RegExp(`"clientCas":\\[(?:"CN=farhand CA [^"]+",?){${cas.length}}\\]`));
    },
    async renews(machine) {
      await place.certs('renew', `certs/${shown[machine]}.pem`, '--folder', 'next');
      if (machine === 'hub') await hasLooked();
    },
    async begins() {
      const { id } = await askJson<Job>(user, 'run', 'waits', '-p', `go=${join(place.folder, 'go')}`, '--no-follow');
      await until('the job to run', async () => (await askJson<Job>(user, 'jobs', id)).state === 'running');
      return id;
    },
    async restarts() {
      hub.kill('SIGKILL');
      await hub.ended;
      ({ process: hub } = await startHub());
      looks = 0;
    },
    async signers() {
      const files = { certificate: place.at('client-ada.pem'), key: place.at('client-ada.key') };
      const { text } = await callHttps(`${address}/metrics`, trusted('ada'), { files });
      return [...text.matchAll(/^farhand_hub_client_certificates_total\{ca="(.*)"\} [1-9]/gm)].map(([, ca = '']) => ca);
    },
    hubSaid: (pattern) => hub.said(pattern),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function nameOf(path: string): Promise<string> {
  return new X509Certificate(await readFile(path)).subject;
}

async function endsWhole({ place, user }: Change, jobs: readonly string[]): Promise<void> {
  await writeFile(join(place.folder, 'go'), '');
  for (const id of jobs) {
    await until('the job to end', async () => (await askJson<Job>(user, 'jobs', id)).finishedAt !== null);
    const job = await askJson<Job>(user, 'jobs', id);
    assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
    assert.equal((await runCommand(['logs', id], { environment: user })).stdout, 'begun\ndone\n');
  }
}

for (const scheme of ['wss', 'grpcs']) {
  it(`changes the CA of hub, agent and person over ${scheme} while jobs run, and drops none`, patient, async () => {
    await using change = await startChange(scheme);
    const { place, address, user, agent } = change;
    const at = (name: string) => join(place.folder, name);
    await cp(at('certs'), at('before'), { recursive: true });
    const [was, willBe] = [await nameOf(at(old)), await nameOf(at(next))];
    const jobs = [await change.begins()];
    assert.deepEqual(await change.signers(), [was]);

    // Each job has a session of its own: a new connection, with what is there at that step.
    for (const machine of machines) await change.trusts(machine, old, next);
    jobs.push(await change.begins());
    for (const machine of machines) {
      await change.renews(machine);
      jobs.push(await change.begins());
    }
    for (const machine of machines) await change.trusts(machine, next);
    jobs.push(await change.begins());

    const [oldCa, newCa] = await Promise.all([old, next].map((name) => readFile(at(name))));
    assert.ok(oldCa !== undefined && newCa !== undefined);
    await assert.rejects(readSerial(address, oldCa), /self-signed certificate in certificate chain|unable to verify/);
    assert.match((await readSerial(address, newCa)) ?? '', /^[0-9A-F]+$/);
    const late = { FARHAND_TLS_CERT: at('before/client-ada.pem'), FARHAND_TLS_KEY: at('before/client-ada.key') };
    const refused = await runCommand(['jobs'], { environment: { ...user, ...late } });
    assert.deepEqual([refused.exitCode, refused.stdout], [3, '']);
    assert.match(refused.stderr, /the certificate that was shown is of no CA that this hub knows/);

    await change.restarts();
    await change.hubSaid(new RegExp(`"issuer":"${willBe}","message":"agent showed a certificate"`));
    jobs.push(await change.begins());
    await endsWhole(change, jobs);
    assert.deepEqual(await change.signers(), [willBe]);
    agent.kill('SIGTERM');
    const { stderr } = await agent.ended;
    const lastOfChange = jobs.at(-2) ?? '';
    assert.ok(stderr.includes(lastOfChange), stderr);
    assert.match(
      stderr,
      /"authorities":\["CN=farhand CA [^"]+","CN=farhand CA [^"]+"\],"message":"TLS files read again"/,
    );
    // The first that is over is that of the hub that was killed: no step of the change cost one.
    assert.ok(stderr.indexOf('control channel ended') > stderr.indexOf(lastOfChange), stderr);
  });
}

it('keeps the jobs of an agent that was forgotten in it, until it is told', patient, async () => {
  await using change = await startChange('wss');
  const { agent } = change;
  const jobs = [await change.begins()];
  for (const machine of ['hub', 'ada'] as const) await change.trusts(machine, old, next);
  for (const machine of ['hub', 'ada'] as const) await change.renews(machine);
  for (const machine of ['hub', 'ada'] as const) await change.trusts(machine, next);

  await change.restarts();
  await agent.said(/does not know the CA of its certificate .*FARHAND_TLS_CA/);
  await change.trusts('agent', old, next);
  await agent.said(/certificate that was shown is of no CA that this hub knows/);
  await change.renews('agent');
  await change.trusts('agent', next);

  jobs.push(await change.begins());
  await endsWhole(change, jobs);
});
