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

async function distrusts({ api }: FaultPlace, agent: string): Promise<void> {
  await until(`agent ${agent} to distrust the hub`, async () => {
    return (await api.agent(agent)).health?.state === 'store-changed';
  });
}

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
    await place.api.isOffline('a1');
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
    await distrusts(place, 'a1');
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

/**
 * Two agents, of which the first alone was there when a job ran that had waited when the hub's files were copied; then those files are in the place of
 * the newer ones. Nobody is up.
 */
async function putFilesBack({ createPlace }: FaultScene) {
  const place = await createPlace();
  await place.hub.start();
  const knowing = await place.addAgent('knowing');
  const other = await place.addAgent('other');
  for (const agent of [knowing, other]) {
    await agent.start();
    await place.api.takesWork(agent.name);
    await agent.kill();
    await place.api.isOffline(agent.name);
  }
  const { id } = await place.api.submit(script('say once'));
  await place.hub.kill();
  const copy = join(place.folder, 'copy');
  await cp(place.hubData, copy, { recursive: true });
  await place.hub.start();
  await knowing.start();
  // The hub waits for the other one, for a while.
  const once = await place.api.end(id);
  const commits = await countCommits(place);
  await knowing.kill();
  await place.hub.kill();
  await rm(place.hubData, { recursive: true });
  await rename(copy, place.hubData);
  return { place, knowing, other, once, commits };
}

async function countCommits(place: FaultPlace): Promise<number> {
  const text = await (await fetch(`${place.address}/metrics`)).text();
  return Number(/^farhand_hub_store_commits_total (\d+)$/m.exec(text)?.[1]);
}

/** Has them start and try in vain, and stops them: each dials as soon as it goes on. A hub that starts waits for them, but not for ever. */
async function makeReady(...agents: readonly FaultAgent[]): Promise<void> {
  for (const agent of agents) {
    agent.launch();
    await agent.said(/"waiting"/);
    agent.pause();
  }
}

/** Nobody is offered anything, whoever could take it, and why is told. */
async function seesItHeld({ api, address }: FaultPlace, job: string): Promise<void> {
  await api.jobWhen(job, 'held', ({ agent, waiting }) => {
    assert.equal(
      agent,
      null,
      'expected nobody to be given the job: were all agents back before the hub ceased to wait?',
    );
    return waiting.some(({ reason }) => reason === 'store-behind');
  });
  const ready: { readonly held?: string } = JSON.parse(await (await fetch(`${address}/readyz`)).text());
  assert.match(ready.held ?? '', /farhand trust-store/);
  assert.match(await (await fetch(`${address}/metrics`)).text(), /^farhand_hub_offers_held 1$/m);
}

faultTest(
  {
    broken: "hub's store, an older copy",
    when: 'put back as bare files, and an agent that knows less comes first, and as many commits are made again',
    outcome:
      'nobody is given anything until the hub or every agent that knows more is told to trust it, also by a hub that is started again',
  },
  async (scene) => {
    const { place: given, knowing, other, once, commits } = await putFilesBack(scene);
    await using place = given;
    const { api } = place;

    await makeReady(knowing, other);
    await place.hub.start();
    const news = [];
    while ((await countCommits(place)) <= commits) news.push((await api.submit(script('say new'))).id);
    other.resume();
    await api.takesWork('other');
    knowing.resume();
    await seesItHeld(place, once.id);
    await place.hub.kill();
    await place.hub.start();
    await seesItHeld(place, once.id);
    await distrusts(place, 'knowing');

    assert.equal(await api.cancel(once.id), 202);
    const { exitCode } = await farhand(['trust-store'], {
      environment: { FARHAND_HUB_URL: place.address, FARHAND_TOKEN: place.adminToken },
    });
    assert.equal(exitCode, 0);
    for (const id of news) {
      const job = await api.end(id);
      assert.deepEqual([job.state, job.agent], ['succeeded', 'other']);
      await place.ledger.check(job, api);
    }
    await distrusts(place, 'knowing');
    await farhand(['agent', 'trust-hub'], { environment: { FARHAND_DATA: knowing.data } });
    await api.takesWork('knowing');
    assert.equal(await place.ledger.starts(once.id), 1);
  },
);

faultTest(
  {
    broken: "hub's store, an older copy",
    when: 'put back as bare files, and the agent that knows more is told to trust it',
    outcome: 'jobs are offered again, without a word to the hub',
  },
  async (scene) => {
    const { place: given, knowing, other, once } = await putFilesBack(scene);
    await using place = given;
    const { api } = place;

    await makeReady(knowing, other);
    await place.hub.start();
    knowing.resume();
    other.resume();
    await seesItHeld(place, once.id);
    await api.cancel(once.id);
    await farhand(['agent', 'trust-hub'], { environment: { FARHAND_DATA: knowing.data } });
    const job = await api.end((await api.submit(script('say new'))).id);

    assert.equal(job.state, 'succeeded');
    await place.ledger.check(job, api);
    assert.equal(await place.ledger.starts(once.id), 1);
  },
);
