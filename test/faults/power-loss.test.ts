import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { describeEnd } from '../support/ledger.ts';
import { until } from '../support/until.ts';

checkLeaks();

const success = 'succeeded exit-code 0';
const many = 'i=0; while [ $i -lt 500 ]; do say "line $i"; i=$((i+1)); done';

/** A hub that is down, with the log file of a job that runs. */
async function openScene({ createPlace }: FaultScene) {
  const place = await createPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork('a1');
  const { id } = await place.api.submit({ automation: 'job', parameters: { run: `${many}; wait_for go; ${many}` } });
  await until('the first half', async () => (await place.api.log(id)).toString().endsWith('line 499\n'));
  await place.hub.kill();
  const [log = ''] = globSync('logs/*/*.log', { cwd: place.hubData });
  const path = join(place.hubData, log);
  return { place, agent, id, path, bytes: (await stat(path)).size };
}

faultTest(
  {
    broken: "hub's log file, cut short",
    when: 'between its lives, as after a loss of power, while the job runs',
    outcome: 'the agent sends again what is missing, and the log is whole',
  },
  async (scene) => {
    const { place: given, agent, id, path, bytes } = await openScene(scene);
    await using place = given;

    await truncate(path, Math.floor(bytes / 3));
    await place.hub.start();
    await place.open('go');

    const end = await place.api.end(id);
    assert.equal(describeEnd(end), success);
    await place.ledger.check(end, place.api);
    await until('the folder to be freed', () => agent.attempts().length === 0);
  },
);

faultTest(
  {
    broken: "hub's log file, with a tail of zeros",
    when: 'between its lives, as after a loss of power, while the job runs',
    outcome: 'the log is said to be incomplete, or is whole; it is never wrong in silence',
  },
  async (scene) => {
    const { place: given, agent, id, path, bytes } = await openScene(scene);
    await using place = given;

    await truncate(path, Math.floor(bytes / 3));
    await truncate(path, bytes);
    await place.hub.start();
    await place.open('go');

    const end = await place.api.end(id);
    const whole = (await place.api.log(id)).equals(await place.ledger.said(id));
    assert.equal(describeEnd(end), success);
    assert.equal(end.log?.complete, whole, JSON.stringify(end.log));
    scene.note(`complete: ${end.log?.complete}`);
    await until('the folder to be freed', () => agent.attempts().length === 0);
  },
);
