import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultAgent, FaultPlace } from '../support/fault-place.ts';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import { isEnded } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

const script = (run: string) => ({ automation: 'job', parameters: { run } });
const talking = 'say up; wait_for go; i=0; while [ $i -lt 200 ]; do say "line $i"; i=$((i+1)); done';

async function openPlace(
  { createPlace }: FaultScene,
  hub: Readonly<Record<string, string>> = {},
): Promise<{ readonly place: FaultPlace; readonly agent: FaultAgent }> {
  const place = await createPlace(hub);
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork('a1');
  return { place, agent };
}

async function startJob({ api }: FaultPlace, request: object): Promise<string> {
  const { id } = await api.submit(request);
  await until('the job to be up', async () => (await api.log(id)).length > 0);
  return id;
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  faultTest(
    {
      broken: `agent, by ${signal}`,
      when: 'while its jobs run, and end without it',
      outcome: 'the next one adopts them, with the same bytes and the same digest',
    },
    async (scene) => {
      const { place: given, agent } = await openPlace(scene);
      await using place = given;
      const goesOn = await startJob(place, script(talking));
      const endsAlone = await startJob(place, script('say up; wait_for alone; say down; exit 3'));

      await agent.kill(signal);
      await place.open('alone');
      await until('the second job to end with no agent there', async () => {
        return (await place.ledger.said(endsAlone)).toString() === 'up\ndown\n';
      });
      await agent.start();
      await place.open('go');

      const [first, second] = [await place.api.end(goesOn), await place.api.end(endsAlone)];
      assert.deepEqual([first.state, first.exitCode], ['succeeded', 0]);
      assert.deepEqual([second.state, second.exitCode], ['failed', 3]);
      for (const job of [first, second]) await place.ledger.check(job, place.api);
    },
  );
}

faultTest(
  {
    broken: 'agent, by SIGKILL',
    when: 'before a job has used up its time',
    outcome: 'its timeout counts from the start of the command',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const id = await startJob(place, { ...script('say up; sleep 60'), timeoutSeconds: 3 });

    await agent.kill();
    await delay(4_000);
    await agent.start();

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.cause, end.started], ['timed-out', 'timeout', true]);
    const ranMs = Date.parse(end.finishedAt ?? '') - Date.parse(end.startedAt ?? '');
    assert.ok(ranMs >= 3_000, `expected it to have run for its time at least, got ${ranMs} ms`);
    await place.ledger.check(end, place.api);
  },
);

faultTest(
  { broken: 'agent, by SIGKILL', when: 'before a cancel is asked for', outcome: 'the cancel is done when it is back' },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const id = await startJob(place, script('say up; sleep 60'));

    await agent.kill();
    assert.equal(await place.api.cancel(id), 202);
    assert.equal((await place.api.job(id)).state, 'running');
    await agent.start();

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.cause, end.started], ['cancelled', 'cancelled', true]);
    await place.ledger.check(end, place.api);
    assert.equal(await place.api.cancel(id), 409);
  },
);

faultTest(
  {
    broken: 'agent, by SIGKILL',
    when: 'before a job ends, and a cancel comes after that',
    outcome: 'the true end stands',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const id = await startJob(place, script('say up; wait_for go; say done'));

    await agent.kill();
    await place.open('go');
    await until('the job to be through', async () => (await place.ledger.said(id)).toString() === 'up\ndone\n');
    await delay(300);
    assert.equal(await place.api.cancel(id), 202);
    await agent.start();

    const end = await place.api.end(id);
    assert.deepEqual([end.state, end.exitCode], ['succeeded', 0]);
    await place.ledger.check(end, place.api);
  },
);

faultTest(
  {
    broken: 'hub, and then the agent, by SIGKILL',
    when: 'before jobs end',
    outcome: 'their ends are delivered when the hub is back',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const ids = [await startJob(place, script(talking)), await startJob(place, script(`${talking}; exit 9`))];

    await place.hub.kill();
    await place.open('go');
    for (const id of ids) {
      await until('the job to be through', async () => (await place.ledger.said(id)).toString().endsWith('line 199\n'));
    }
    await agent.kill();
    agent.launch();
    await place.hub.start();

    const ends = [];
    for (const id of ids) ends.push(await place.api.end(id));
    assert.deepEqual(
      ends.map(({ exitCode }) => exitCode),
      [0, 9],
    );
    for (const job of ends) await place.ledger.check(job, place.api);
  },
);

faultTest(
  {
    broken: 'agent, by SIGKILL',
    when: 'for longer than it takes to call its job lost',
    outcome: 'the late result corrects it',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene, { FARHAND_LOST_AFTER_SECONDS: '2' });
    await using place = given;
    const id = await startJob(place, script('say up; wait_for go; say done'));
    await place.api.jobWhen(id, 'told to be started', ({ startedAt }) => startedAt !== null);

    await agent.kill();
    const lost = await place.api.jobWhen(id, 'lost', ({ state }) => state === 'lost');
    assert.deepEqual([lost.cause, lost.started], ['agent-lost', true]);
    await place.open('go');
    await agent.start();

    const end = await place.api.jobWhen(id, 'corrected', (job) => isEnded(job) && job.state !== 'lost');
    assert.deepEqual([end.state, end.exitCode], ['succeeded', 0]);
    await place.ledger.check(end, place.api);
  },
);

faultTest(
  {
    broken: 'hub and agent, by SIGKILL',
    when: 'the hub for longer than it takes to call a job lost',
    outcome: 'it calls none so: its own silence says nothing',
  },
  async (scene) => {
    // Long enough for an agent to start on a busy machine.
    const lostAfterSeconds = 20;
    const { place: given, agent } = await openPlace(scene, { FARHAND_LOST_AFTER_SECONDS: String(lostAfterSeconds) });
    await using place = given;
    const id = await startJob(place, script('say up; wait_for go; say done'));

    await Promise.all([place.hub.kill(), agent.kill()]);
    await delay(lostAfterSeconds * 1000 + 1_000);
    await place.hub.start();
    const states = [(await place.api.job(id)).state];
    await agent.start();
    await delay(lostAfterSeconds * 1000 + 1_000);
    states.push((await place.api.job(id)).state);
    await place.open('go');

    const end = await place.api.end(id);
    assert.deepEqual([...states, end.state], ['running', 'running', 'succeeded']);
    await place.ledger.check(end, place.api);
  },
);
