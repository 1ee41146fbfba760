import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { askJson } from '../support/ask-json.ts';
import { type Environment, startFarhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { readSerial } from '../support/read-serial.ts';
import { runCommand } from '../support/run-command.ts';
import { createSecurePlace } from '../support/secure-place.ts';
import { until } from '../support/until.ts';

checkLeaks();

for (const scheme of ['wss', 'grpcs']) {
  it(`runs a job over ${scheme} with client certificates while those of hub and agent are renewed, and keeps every channel`, async () => {
    await using place = await createSecurePlace();
    const { process: hub, address, client: user } = await place.startHub();
    await using _hub = hub;
    await using agent = await place.agent(address, user, {
      ...place.trust,
      ...place.pair('agent-a1'),
      FARHAND_HUB_URL: address.replace('https', scheme),
      FARHAND_AUTOMATIONS: place.automations,
    });
    const go = join(place.folder, 'go');
    const run = (file: string) => askJson<Job>(user, 'run', 'waits', '-p', `go=${file}`, '--no-follow');
    const look = (id: string) => askJson<Job>(user, 'jobs', id);
    const { id } = await run(go);
    await until('the job to run', async () => (await look(id)).state === 'running');
    const ca = await readFile(place.at('ca.pem'));
    const before = await readSerial(address, ca);

    for (const name of ['hub', 'agent-a1', 'client-ada']) await place.certs('renew', `certs/${name}.pem`);
    hub.kill('SIGHUP');
    await hub.said(/new TLS files in use/);
    const after = await readSerial(address, ca);
    // Its session is a new connection, with what is new on both ends.
    const next = await run(place.at('ca.pem'));
    await writeFile(go, '');
    for (const one of [id, next.id]) await until('the jobs to end', async () => (await look(one)).finishedAt !== null);

    const jobs = [await look(id), await look(next.id)];
    const log = await runCommand(['logs', id], { environment: user });
    agent.kill('SIGTERM');
    const said = (await agent.ended).stderr;
    assert.notEqual(after, before);
    for (const job of jobs) assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true], said);
    assert.equal(log.stdout, 'begun\ndone\n');
    assert.match(said, /link state changed/);
    assert.doesNotMatch(said, /control channel ended, the next dial follows/);
  });
}

it('lets an agent in with a certificate of its own alone, and tells it why', async () => {
  await using place = await createSecurePlace();
  const { process: hub, address, client: user } = await place.startHub();
  await using _hub = hub;
  await using joined = await place.agent(address, user, { ...place.trust, ...place.pair('agent-a1') });
  joined.kill('SIGTERM');
  await joined.ended;
  const start = (scheme: string, shown: Environment) =>
    startFarhand(['agent'], {
      environment: {
        ...place.trust,
        ...shown,
        FARHAND_HUB_URL: address.replace('https', scheme),
        FARHAND_NAME: 'a1',
        FARHAND_DATA: join(place.folder, 'agent'),
        FARHAND_AUTOMATIONS: place.automations,
      },
    });

  for (const scheme of ['wss', 'grpcs']) {
    const cases: readonly (readonly [Environment, RegExp])[] = [
      [place.pair('agent-a2'), /the client certificate is for farhand:agent:default\/a2, and the agent is default\/a1/],
      [{}, /lets in only who shows a certificate of its client CA/],
    ];
    for (const [shown, words] of cases) {
      await using agent = start(scheme, shown);
      await agent.said(words);
    }
  }
  await using agent = start('grpcs', place.pair('agent-a1'));
  await agent.ready();
  agent.kill('SIGTERM');
  await agent.ended;
});
