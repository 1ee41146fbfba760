import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { FaultPlace } from '../support/fault-place.ts';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import { isEnded } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { describeEnd } from '../support/ledger.ts';
import { until } from '../support/until.ts';

checkLeaks();

const hour = 3_600_000;
const preload = pathToFileURL(join(import.meta.dirname, '../support/fixtures/shifted-clock.mjs')).href;

/** The variables of a process whose wall clock can be set, and what sets it. */
function settable(file: string) {
  return {
    environment: { NODE_OPTIONS: `--import=${preload}`, CLOCK_SHIFT_FILE: file },
    set: (shiftMs: number) => writeFile(file, String(shiftMs)),
  };
}

async function openScene({ createPlace }: FaultScene) {
  const place = await createPlace({ FARHAND_LOST_AFTER_SECONDS: '600' });
  const clocks = { hub: settable(join(place.folder, 'hub-clock')), agent: settable(join(place.folder, 'agent-clock')) };
  await place.hub.start(clocks.hub.environment);
  const agent = await place.addAgent('a1', clocks.agent.environment);
  await agent.start();
  await place.api.takesWork(agent.name);
  return { place, agent, clocks };
}

async function startJob({ api }: FaultPlace, run: string, more: object = {}): Promise<string> {
  const { id } = await api.submit({ automation: 'job', parameters: { run }, ...more });
  await until('the job to be up', async () => (await api.log(id)).length > 0);
  return id;
}

for (const whose of ['agent', 'hub'] as const) {
  faultTest(
    {
      broken: `clock of the ${whose}`,
      when: 'set five hours on, and ten back, while jobs run, wait and begin',
      outcome: 'nobody is called silent, nothing times out, and every job ends as it ends',
    },
    async (scene) => {
      const { place: given, clocks } = await openScene(scene);
      await using place = given;
      const ids = [await startJob(place, 'say up; wait_for go; say done', { timeoutSeconds: 600 })];

      for (const shift of [5 * hour, -5 * hour, 0]) {
        await clocks[whose].set(shift);
        ids.push((await place.api.submit({ automation: 'job', parameters: { run: 'say further' } })).id);
        // Long enough for what is done by the second to be done.
        await delay(2_500);
        const { online } = await place.api.agent('a1');
        assert.ok(online && !isEnded(await place.api.job(ids[0] ?? '')), `with a clock set by ${shift} ms`);
      }
      await place.open('go');

      for (const id of ids) {
        const end = await place.api.end(id);
        assert.equal(describeEnd(end), 'succeeded exit-code 0');
        await place.ledger.check(end, place.api);
      }
    },
  );
}

faultTest(
  {
    broken: 'clock of the agent',
    when: 'set five hours on while the agent is down and its job runs',
    outcome: 'the next one lets the job have the time that it was given',
  },
  async (scene) => {
    const { place: given, agent, clocks } = await openScene(scene);
    await using place = given;
    const id = await startJob(place, 'say up; wait_for go; say done', { timeoutSeconds: 600 });

    await agent.kill();
    await clocks.agent.set(5 * hour);
    await agent.start();
    await place.api.takesWork('a1');
    await place.open('go');

    const end = await place.api.end(id);
    assert.equal(describeEnd(end), 'succeeded exit-code 0');
    await place.ledger.check(end, place.api);
  },
);

faultTest(
  {
    broken: 'clock of the agent',
    when: 'set five hours back while the agent is down and the time of its job is used up',
    outcome: 'the job is timed out when the next one is there',
  },
  async (scene) => {
    const { place: given, agent, clocks } = await openScene(scene);
    await using place = given;
    const id = await startJob(place, 'say up; sleep 300', { timeoutSeconds: 5 });

    await agent.kill();
    await clocks.agent.set(-5 * hour);
    await delay(5_000);
    await agent.start();

    const end = await place.api.end(id);
    assert.equal(describeEnd(end), 'timed-out timeout');
    await place.ledger.check(end, place.api);
  },
);

faultTest(
  {
    broken: 'clock of the hub',
    when: 'set five hours on, and back, between its lives',
    outcome: 'it calls no agent silent for that time, and a request that is sent again is the same job',
  },
  async (scene) => {
    const { place: given, clocks } = await openScene(scene);
    await using place = given;
    const id = await startJob(place, 'say up; wait_for go; say done', { timeoutSeconds: 600 });
    const body = { automation: 'job', parameters: { run: 'say once' } };
    const submitOnce = async () =>
      JSON.parse((await place.api.call('POST', '/jobs', { body, key: 'one-and-the-same' })).body.toString()).id;

    const ids = [id, await submitOnce()];
    for (const shift of [5 * hour, -5 * hour]) {
      await place.hub.kill();
      await clocks.hub.set(shift);
      await place.hub.start(clocks.hub.environment);
      await place.api.takesWork('a1');
      assert.equal(await submitOnce(), ids[1]);
      assert.equal((await place.api.job(id)).state, 'running');
    }
    await place.open('go');

    for (const each of ids) {
      const end = await place.api.end(each);
      assert.equal(describeEnd(end), 'succeeded exit-code 0');
      await place.ledger.check(end, place.api);
    }
  },
);
