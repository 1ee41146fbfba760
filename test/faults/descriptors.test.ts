import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { limitDescriptors } from '../support/descriptor-limit.ts';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { describeEnd } from '../support/ledger.ts';
import { until } from '../support/until.ts';

checkLeaks();

const success = 'succeeded exit-code 0';
const shortMs = 4_000;

async function openScene({ createPlace }: FaultScene) {
  const place = await createPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1', { FARHAND_SLOTS: '4' });
  await agent.start();
  await place.api.takesWork(agent.name);
  const submit = async (run: string) => (await place.api.submit({ automation: 'job', parameters: { run } })).id;
  const id = await submit('say up; wait_for go; head -c 300000 /dev/urandom | tee -a "$said"; say done');
  await until('the job to be up', async () => (await place.api.log(id)).length > 0);
  return { place, agent, submit, id };
}

faultTest(
  {
    broken: 'agent, out of file descriptors',
    when: 'while a job prints, ends, and further ones come',
    outcome:
      'the job that runs loses nothing, the others run once there are some again, or say that they could not start',
  },
  async (scene) => {
    const { place: given, agent, submit, id } = await openScene(scene);
    await using place = given;
    const ids = [id];

    {
      using _limited = limitDescriptors(agent.pid ?? 0, 0);
      await place.open('go');
      for (let further = 0; further < 4; further += 1) ids.push(await submit('say further'));
      await delay(shortMs);
      assert.ok(agent.isUp);
    }
    ids.push(await submit('say afterwards'));

    const ends: string[] = [];
    for (const each of ids) {
      const end = await place.api.end(each);
      ends.push(describeEnd(end));
      await place.ledger.check(end, place.api);
      if (end.state !== 'succeeded') assert.deepEqual([end.cause, end.started], ['start-failed', false]);
    }
    assert.deepEqual([ends[0], ends.at(-1)], [success, success]);
    await until('the folders to be freed', () => agent.attempts().length === 0);
  },
);

faultTest(
  {
    broken: 'hub, out of file descriptors',
    when: 'while jobs print and end, and agents and clients dial',
    outcome: 'who gets in is served, the others get in when there are some again, and nothing is lost',
  },
  async (scene) => {
    const { place: given, agent, id } = await openScene(scene);
    await using place = given;
    const ids = [id];

    {
      using _limited = limitDescriptors(place.hub.pid ?? 0, 0);
      await place.open('go');
      agent.line.cut();
      const asked = Array.from({ length: 4 }, () =>
        place.api.submit({ automation: 'job', parameters: { run: 'say further' } }),
      );
      await delay(shortMs);
      assert.ok(place.hub.isUp && agent.isUp);
      _limited[Symbol.dispose]();
      for (const job of await Promise.all(asked)) ids.push(job.id);
    }

    for (const each of ids) {
      const end = await place.api.end(each);
      assert.equal(describeEnd(end), success);
      await place.ledger.check(end, place.api);
    }
    await until('the folders to be freed', () => agent.attempts().length === 0);
  },
);
