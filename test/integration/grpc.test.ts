import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFaultPlace } from '../support/fault-place.ts';
import { checkLeaks } from '../support/leak-check.ts';

// Hub and agents as real processes. `FAULT_TRANSPORT=grpc npm run test:faults` does much more.
process.env['FAULT_TRANSPORT'] = 'grpc';

checkLeaks();

it('runs a job over gRPC, with its log, its secrets and a cancelled one beside it', async () => {
  await using place = await createFaultPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();

  const job = await place.api.submit({
    automation: 'job',
    parameters: { run: 'say "a secret: $FARHAND_SECRET_WORD"; for i in $(seq 2000); do say "line $i"; done' },
    secrets: { word: 'hunter2-hunter2' },
  });
  const endless = await place.api.submit({ automation: 'job', parameters: { run: 'say begun; sleep 600' } });
  const ended = await place.api.end(job.id);
  await place.api.jobWhen(endless.id, 'running', ({ started }) => started === true);
  await place.api.cancel(endless.id);
  const cancelled = await place.api.end(endless.id);
  const log = (await place.api.log(job.id)).toString();
  const { transport } = await place.api.agent('a1');

  assert.equal(transport, 'grpc');
  assert.deepEqual([ended.state, ended.log?.complete], ['succeeded', true]);
  assert.match(log, /^a secret: \*\*\*\nline 1\n[^]*line 2000\n$/);
  assert.equal(cancelled.state, 'cancelled');
});

for (const victims of [['agent'], ['hub'], ['agent', 'hub']] as const) {
  const who = victims.map((victim) => `the ${victim}`).join(' and ');
  it(`loses nothing of a job and runs it once when somebody kills ${who} in the middle of it`, async () => {
    await using place = await createFaultPlace();
    await place.hub.start();
    const agent = await place.addAgent('a1');
    await agent.start();
    const run = 'for i in $(seq 500); do say "line $i"; done; wait_for go; say done';
    const { id } = await place.api.submit({ automation: 'job', parameters: { run } });
    await place.api.jobWhen(id, 'running', ({ started }) => started === true);

    const daemons = { agent, hub: place.hub };
    for (const victim of victims) await daemons[victim].kill('SIGKILL');
    for (const victim of victims.toReversed()) await daemons[victim].start();
    await place.open('go');

    const job = await place.api.end(id);
    assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
    await place.ledger.check(job, place.api);
  });
}

it('goes on where it was when its connections break', async () => {
  await using place = await createFaultPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  const run = 'for i in $(seq 300); do say "line $i"; done; wait_for go; say done';
  const { id } = await place.api.submit({ automation: 'job', parameters: { run } });
  await place.api.jobWhen(id, 'running', ({ started }) => started === true);

  agent.line.cut({ path: /^\/v1\/sessions\// });
  agent.line.cut();
  await place.open('go');

  const job = await place.api.end(id);
  assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
  await place.ledger.check(job, place.api);
});
