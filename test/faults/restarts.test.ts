import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Daemon } from '../support/daemon.ts';
import type { FaultAgent, FaultPlace } from '../support/fault-place.ts';
import { type FaultScene, faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { describeEnd } from '../support/ledger.ts';
import { createDice } from '../support/seeded-dice.ts';
import { until } from '../support/until.ts';

checkLeaks();

const success = 'succeeded exit-code 0';

async function openScene({ createPlace }: FaultScene, hub: Readonly<Record<string, string>> = {}) {
  const place = await createPlace(hub);
  await place.hub.start();
  const agent = await place.addAgent('a1', { FARHAND_SLOTS: '4' });
  await agent.start();
  await place.api.takesWork('a1');
  return { place, agent };
}

async function startJob({ api }: FaultPlace, run: string): Promise<string> {
  const { id } = await api.submit({ automation: 'job', parameters: { run } });
  await until('the job to be up', async () => (await api.log(id)).length > 0);
  return id;
}

async function checkEnds(place: FaultPlace, agent: FaultAgent, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const end = await place.api.end(id);
    assert.equal(describeEnd(end), success, JSON.stringify(end));
    await place.ledger.check(end, place.api);
  }
  await until('the folders to be freed', () => agent.attempts().length === 0);
}

/** Killed in whatever it is doing: starting, recovering, serving. */
async function killAgainAndAgain(daemon: Daemon, times: number): Promise<void> {
  for (let kill = 0; kill < times; kill += 1) {
    await daemon.kill();
    daemon.launch();
    await delay(200 + kill * 20);
  }
}

for (const victim of ['agent', 'hub', 'both'] as const) {
  faultTest(
    {
      broken: `${victim === 'both' ? 'hub and agent' : victim}, by SIGKILL every fifth of a second`,
      when: 'two dozen times, in starting and recovering, while jobs run, wait and end',
      outcome: 'every job has its one true end',
    },
    async (scene) => {
      const { place: given, agent } = await openScene(scene);
      await using place = given;
      const ids = [
        await startJob(place, 'say up; wait_for go; say done'),
        await startJob(place, 'i=0; while [ $i -lt 100 ]; do say "line $i"; i=$((i+1)); sleep 0.1; done'),
      ];
      for (let more = 0; more < 6; more += 1)
        ids.push((await place.api.submit({ automation: 'job', parameters: { run: 'say further; sleep 0.5' } })).id);

      const victims = { agent: [agent], hub: [place.hub], both: [place.hub, agent] }[victim];
      await Promise.all(victims.map((one) => killAgainAndAgain(one, 25)));
      await place.open('go');

      await checkEnds(place, agent, ids);
    },
  );
}

faultTest(
  {
    broken: 'hub, by SIGKILL',
    when: 'in the instant of a submission, again and again; the client sends it again with its Idempotency-Key',
    outcome: 'each request is one job, whether the first answer came or not',
  },
  async (scene) => {
    const { place: given, agent } = await openScene(scene);
    await using place = given;
    const dice = createDice();
    const requests = 12;
    const ids: string[] = [];
    let over = false;
    const submitting = (async () => {
      try {
        for (let request = 0; request < requests; request += 1)
          ids.push((await place.api.submit({ automation: 'job', parameters: { run: `say "request ${request}"` } })).id);
      } finally {
        over = true;
      }
    })();
    submitting.catch(() => {});
    let kills = 0;
    while (!over) {
      const before = ids.length;
      // Mostly around an answer, and now and then in whatever the hub does soon after its start.
      if (dice.below(4) === 0) await delay(dice.below(500));
      else await until('another request to be answered', () => over || ids.length > before);
      await delay(dice.below(40));
      await place.hub.kill();
      kills += 1;
      await place.hub.start();
    }
    await submitting;

    await checkEnds(place, agent, ids);
    const { body } = await place.api.call('GET', '/jobs?limit=500');
    assert.equal((JSON.parse(body.toString()) as { items: unknown[] }).items.length, requests, `seed ${dice.seed}`);
    scene.note(`${kills} kills, seed ${dice.seed}`);
  },
);

faultTest(
  {
    broken: 'agent, by SIGKILL',
    when: 'while the hub is away, and again in the recovery that follows',
    outcome: 'jobs that ended, run on and never began have their true ends when both are back',
  },
  async (scene) => {
    const { place: given, agent } = await openScene(scene);
    await using place = given;
    const ids = [
      await startJob(place, 'say up; wait_for soon; say done'),
      await startJob(place, 'say up; wait_for late; say done'),
    ];

    await place.hub.kill();
    await place.open('soon');
    await until('the first to be through', async () =>
      (await place.ledger.said(ids[0] ?? '')).toString().endsWith('done\n'),
    );
    await killAgainAndAgain(agent, 12);
    await place.hub.start();
    await place.open('late');

    await checkEnds(place, agent, ids);
  },
);
