import assert from 'node:assert/strict';
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { farhand } from '../support/farhand-process.ts';
import type { FaultAgent, FaultPlace } from '../support/fault-place.ts';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

const script = (run: string) => ({ automation: 'job', parameters: { run } });

async function openPlace({
  createPlace,
}: FaultScene): Promise<{ readonly place: FaultPlace; readonly agent: FaultAgent }> {
  const place = await createPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1', { FARHAND_SLOTS: '4' });
  await agent.start();
  await place.api.takesWork('a1');
  return { place, agent };
}

async function startJob({ api }: FaultPlace, gate: string): Promise<string> {
  const { id } = await api.submit(script(`say up; wait_for ${gate}; say done`));
  await until('the job to be up', async () => (await api.log(id)).length > 0);
  return id;
}

faultTest(
  {
    broken: "hub's store, gone",
    when: 'for a while, and jobs end meanwhile',
    outcome: 'agents stop nothing, keep all, and go on with the old one',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    const running = await startJob(place, 'late');
    const ending = await startJob(place, 'soon');
    await place.hub.kill();

    await place.hub.start({ FARHAND_DATA: join(place.folder, 'empty') });
    await place.open('soon');
    await agent.said(/unauthorized/);
    await until('the second job to be sealed without its hub', async () => {
      const said = await place.ledger.said(ending);
      return said.toString() === 'up\ndone\n';
    });
    const stranger = await place.api.submit(script('say stranger'));
    await delay(1_000);
    assert.equal(agent.attempts().length, 2);
    assert.equal((await place.api.job(stranger.id)).state, 'queued');
    await place.hub.kill();
    await place.hub.start();
    const first = await place.api.end(ending);
    assert.equal((await place.api.job(running)).state, 'running');
    await place.open('late');
    const second = await place.api.end(running);

    for (const job of [first, second]) {
      assert.deepEqual([job.state, job.cause], ['succeeded', 'exit-code']);
      await place.ledger.check(job, place.api);
    }
    assert.equal(await place.ledger.starts(stranger.id), 0);
  },
);

faultTest(
  {
    broken: "hub's store, an older copy",
    when: 'put back while a job runs',
    outcome: 'agents stop nothing, take nothing until trust-hub, and run nothing twice',
  },
  async (scene) => {
    const { place: given, agent } = await openPlace(scene);
    await using place = given;
    await place.api.end((await place.api.submit(script('say before'))).id);
    const running = await startJob(place, 'late');
    await agent.kill();
    const queued = await place.api.submit(script('say once'));
    await place.hub.kill();
    const copy = join(place.folder, 'copy');
    await cp(place.hubData, copy, { recursive: true });
    await place.hub.start();
    await agent.start();
    const once = await place.api.end(queued.id);
    assert.equal(once.state, 'succeeded');
    await place.hub.kill();
    await rm(place.hubData, { recursive: true });
    await rename(copy, place.hubData);

    await place.hub.start();
    await until('the agent to distrust it', async () => {
      return (await place.api.agent('a1')).health?.state === 'store-changed';
    });
    const again = await place.api.submit(script('say new'));
    await place.open('late');
    await until('the job to be through', async () => (await place.ledger.said(running)).toString() === 'up\ndone\n');
    await delay(3_000);
    assert.deepEqual(
      [(await place.api.job(again.id)).state, (await place.api.job(queued.id)).state],
      ['queued', 'queued'],
    );

    // What the hub forgot is somebody's to look at before the word is given.
    await place.api.cancel(queued.id);
    const { exitCode } = await farhand(['agent', 'trust-hub'], { environment: { FARHAND_DATA: agent.data } });
    assert.equal(exitCode, 0);
    const ends = [await place.api.end(running), await place.api.end(again.id)];
    for (const job of ends) {
      assert.deepEqual([job.state, job.cause], ['succeeded', 'exit-code']);
      await place.ledger.check(job, place.api);
    }
    assert.equal(await place.ledger.starts(queued.id), 1);
  },
);
