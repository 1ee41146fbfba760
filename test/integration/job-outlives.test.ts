import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { createPlace, startFarhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

it('a hub that is killed and started again still has its jobs, and whoever watches one sees every line once', async () => {
  await using place = await createPlace();
  const first = await place.hub();
  await using firstHub = first.process;
  await using _agent = await place.agent(first.address, first.client);
  await using watching = startFarhand(['run', 'count', '-p', 'to=15', '--json'], { environment: first.client });
  await watching.said(/step 2 of/);

  firstHub.kill('SIGKILL');
  await firstHub.ended;
  await using _secondHub = (await place.hub()).process;

  const { exitCode, stdout, stderr } = await watching.ended;
  const job = JSON.parse(stdout) as Job;
  const steps = [...stderr.matchAll(/^step (\d+) of 15$/gm)].map(([, step]) => Number(step));
  assert.deepEqual([exitCode, job.state, job.attempt, job.log?.complete], [0, 'succeeded', 1, true]);
  assert.deepEqual(
    steps,
    Array.from({ length: 15 }, (_, index) => index + 1),
  );
});

it('an agent that is told to leave leaves its job running, and the next agent on its folder adopts it', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  await using first = await place.agent(address, client);
  await using watching = startFarhand(['run', 'count', '-p', 'to=15', '--json'], { environment: client });
  await watching.said(/step 2 of/);

  first.kill('SIGTERM');
  assert.equal((await first.ended).exitCode, 0);
  await using _second = await place.agent(address, client);

  const { exitCode, stdout, stderr } = await watching.ended;
  const job = JSON.parse(stdout) as Job;
  assert.deepEqual([exitCode, job.state, job.attempt, job.log?.complete], [0, 'succeeded', 1, true]);
  assert.match(stderr, /step 15 of 15\ndone\n/);
});

it('an agent that drains waits for its job, and takes it along when it is told to', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  await using agent = await place.agent(address, client, {
    FARHAND_DRAIN_SECONDS: '0.5',
    FARHAND_DRAIN_THEN: 'cancel',
  });
  await using watching = startFarhand(['run', 'count', '-p', 'to=100000'], { environment: client });
  await watching.line(/step 1 of/);

  agent.kill('SIGTERM');

  assert.equal((await watching.ended).exitCode, 4);
  assert.equal((await agent.ended).exitCode, 0);
});
