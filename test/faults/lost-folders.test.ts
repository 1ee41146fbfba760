import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { FaultAgent, FaultPlace } from '../support/fault-place.ts';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

const waiting = { automation: 'job', parameters: { run: 'say up; wait_for go; say done' } };

/** A job that runs, and waits. */
async function startJob(place: FaultPlace, agent: FaultAgent, request: object = waiting): Promise<string> {
  await place.api.takesWork(agent.name);
  const { id } = await place.api.submit(request);
  await until('the job to be up', async () => (await place.api.log(id)).length > 0);
  // Of a start that it has not heard of the hub says, in truth, that it is unknown.
  await place.api.jobWhen(id, 'started', ({ startedAt }) => startedAt !== null);
  return id;
}

async function openPlace({
  createPlace,
}: FaultScene): Promise<{ readonly place: FaultPlace; readonly agent: FaultAgent }> {
  const place = await createPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  return { place, agent };
}

faultTest(
  { broken: "attempt's folder, deleted", when: 'while the job runs', outcome: 'it is lost, and never run again' },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const id = await startJob(place, agent);
    const [attempt = ''] = agent.attempts();

    await rm(agent.attemptFile(attempt, ''), { recursive: true });
    await place.open('go');

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.started], ['lost', true]);
    assert.match(end.cause ?? '', /^(state|process)-lost$/);
    assert.equal(await place.ledger.starts(id), 1);
    await agent.kill();
    await agent.start();
    await startJob(place, agent);
    assert.equal(await place.ledger.starts(id), 1);
  },
);

faultTest(
  {
    broken: "attempt's folder, deleted",
    when: 'while its agent is down',
    outcome: 'the job is lost, and never run again',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const id = await startJob(place, agent);
    const [attempt = ''] = agent.attempts();

    await agent.kill();
    await rm(agent.attemptFile(attempt, ''), { recursive: true });
    await place.open('go');
    await agent.start();

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.cause], ['lost', 'state-lost']);
    assert.equal(await place.ledger.starts(id), 1);
  },
);

faultTest(
  {
    broken: "agent's disk, lost",
    when: 'while it is down and its job runs',
    outcome: 'what the hub has is kept, nothing runs twice, and its name is taken by nobody',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const id = await startJob(place, agent);

    await agent.kill();
    await rm(agent.data, { recursive: true });
    const joined = agent.launch({ FARHAND_JOIN_TOKEN: await place.api.joinToken() });
    // Its name belongs to a key that is gone: without an ephemeral token nobody may take it.
    const { exitCode, stderr } = await joined.ended;
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /name/);

    await agent.start({ FARHAND_NAME: 'a1-again' });
    await place.api.takesWork('a1-again');
    assert.equal((await place.api.job(id)).state, 'running');
    assert.equal((await place.api.log(id)).toString(), 'up\n');
    assert.equal(await place.ledger.starts(id), 1);
  },
);

faultTest(
  {
    broken: "attempt's folder, deleted",
    when: 'of a retrySafe job, while its agent is down',
    outcome: 'it is tried again, and every try keeps its own log',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const run = 'say "try $FARHAND_ATTEMPT"; [ "$FARHAND_ATTEMPT" = 2 ] || wait_for go';
    const retry = { limit: 2, on: ['state-lost', 'process-lost'] };
    const id = await startJob(place, agent, { automation: 'safe-job', parameters: { run }, retry });
    const [attempt = ''] = agent.attempts();

    await agent.kill();
    await rm(agent.attemptFile(attempt, ''), { recursive: true });
    await agent.start();

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.attempt], ['succeeded', 2]);
    assert.equal(await place.ledger.starts(id), 2);
    assert.equal((await place.api.attemptLog(id, 1)).toString(), 'try 1\n');
    assert.equal((await place.api.attemptLog(id, 2)).toString(), 'try 2\n');
    assert.equal((await place.ledger.said(id)).toString(), 'try 1\ntry 2\n');
  },
);

faultTest(
  {
    broken: "agent's disk, lost",
    when: 'under the running agent',
    outcome: 'nothing is called a success that is not known to be one',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const id = await startJob(place, agent);

    await rm(agent.data, { recursive: true, force: true, maxRetries: 5 });
    await place.open('go');
    await until('the program to be through', async () => (await place.ledger.said(id)).toString() === 'up\ndone\n');
    await agent.kill('SIGTERM');

    const { state } = await place.api.job(id);
    assert.ok(state === 'running' || state === 'lost', `expected running or lost, got ${state}`);
    assert.equal(await place.ledger.starts(id), 1);
    assert.equal(existsSync(agent.attemptFile('', '')), false);
  },
);
