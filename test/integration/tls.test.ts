import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { connect } from 'node:tls';
import type { Job } from '../../protocol/job.ts';
import { createPlace, type Environment, farhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createTlsFolder } from '../support/tls-folder.ts';
import { until } from '../support/until.ts';

checkLeaks();

const waits = `name: waits
kind: script
script: |
  echo begun
  while [ ! -e "$FARHAND_PARAM_GO" ]; do sleep 0.1; done
  echo done
parameters: {type: object, properties: {go: {type: string}}}
`;

async function ask<T>(client: Environment, ...args: readonly string[]): Promise<T> {
  const { stdout, stderr, exitCode } = await farhand([...args, '--json'], { environment: client });
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as T;
}

async function readSerial(address: string, ca: Buffer): Promise<string | undefined> {
  const { port } = new URL(address);
  const socket = connect({ port: Number(port), host: '127.0.0.1', ca });
  await once(socket, 'secureConnect');
  const serial = socket.getPeerX509Certificate()?.serialNumber;
  socket.destroy();
  return serial;
}

for (const scheme of ['wss', 'grpcs']) {
  it(`runs a job over ${scheme} while the certificate of the hub is renewed, and keeps every channel`, async () => {
    using tls = createTlsFolder();
    await using place = await createPlace();
    const automations = join(place.folder, 'automations');
    await mkdir(automations);
    await writeFile(join(automations, 'waits.yaml'), waits);
    const trust = { NODE_EXTRA_CA_CERTS: tls.authority.path };
    const {
      process: hub,
      address,
      client,
    } = await place.hub({
      FARHAND_TLS_CERT: tls.files.certificatePath,
      FARHAND_TLS_KEY: tls.files.keyPath,
    });
    await using _hub = hub;
    const user = { ...client, ...trust };
    await using agent = await place.agent(address, user, {
      ...trust,
      FARHAND_HUB_URL: address.replace('https', scheme),
      FARHAND_AUTOMATIONS: automations,
    });
    const go = join(place.folder, 'go');
    const { id } = await ask<Job>(user, 'run', 'waits', '-p', `go=${go}`, '--no-follow');
    const look = () => ask<Job>(user, 'jobs', id);
    await until('the job to run', async () => (await look()).state === 'running');
    const ca = await readFile(tls.authority.path);
    const before = await readSerial(address, ca);

    tls.write(tls.authority.issue({ names: 'DNS:localhost,IP:127.0.0.1', days: 50 }));
    hub.kill('SIGHUP');
    await hub.said(/new TLS files in use/);
    const after = await readSerial(address, ca);
    await writeFile(go, '');
    await until('the job to end', async () => (await look()).finishedAt !== null);

    const job = await look();
    const log = await farhand(['logs', id], { environment: user });
    agent.kill('SIGTERM');
    const said = (await agent.ended).stderr;
    assert.notEqual(after, before);
    assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
    assert.equal(log.stdout, 'begun\ndone\n');
    assert.match(said, /link state changed/);
    assert.doesNotMatch(said, /control channel ended, the next dial follows/);
  });
}
