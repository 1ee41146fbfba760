import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Job } from '../../protocol/job.ts';
import { farhand } from '../support/farhand-process.ts';
import { faultTest } from '../support/fault-test.ts';
import { isEnded } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

const jobCount = 300;

function isKnown(data: string, attempt: string): boolean {
  using database = new DatabaseSync(join(data, 'hub.sqlite'), { readOnly: true });
  return database.prepare('select 1 from attempts where id = ?').get(attempt) !== undefined;
}

/** Says a line now and then, so that logs grow while they are copied. */
const script = (index: number) => ({
  automation: 'job',
  parameters: { run: `for line in 1 2 3 4 5 6 7 8; do say "job ${index} line $line"; sleep 0.0${index % 7}; done` },
});

faultTest(
  {
    broken: "hub's store, restored from a backup",
    when: 'made amid hundreds of jobs',
    outcome: 'what had ended is there to the byte, the rest ends in truth, once',
  },
  async ({ createPlace }) => {
    await using place = await createPlace();
    await place.hub.start();
    const agents = [
      await place.addAgent('a1', { FARHAND_SLOTS: '6' }),
      await place.addAgent('a2', { FARHAND_SLOTS: '6' }),
    ];
    for (const agent of agents) await agent.start();
    for (const agent of agents) await place.api.takesWork(agent.name);
    const ids: string[] = [];
    for (let index = 0; index < jobCount; index++) ids.push((await place.api.submit(script(index))).id);
    const held = await place.api.submit({
      automation: 'job',
      parameters: { run: 'say up; wait_for late; say done' },
      priority: 10,
    });
    await until('the held job to be up', async () => (await place.api.log(held.id)).length > 0);
    const file = join(place.folder, 'backup.tar');
    const data = join(place.folder, 'elsewhere');

    const backups = await Promise.all(
      [file, join(place.folder, 'second.tar')].map((target) => farhand(['backup', target, '--data', place.hubData])),
    );
    await place.hub.kill();
    const verified = await farhand(['backup', 'verify', file]);
    const restored = await farhand(['restore', file, '--data', data, '--cancel-queued', '--json']);
    await place.hub.start({ FARHAND_DATA: data });
    for (const { name } of agents) {
      await until(
        `${name} to distrust it`,
        async () => (await place.api.agent(name)).health?.state === 'store-changed',
      );
    }
    const known: Job[] = [];
    for (const id of [...ids, held.id]) known.push(await place.api.job(id));
    const endedInCopy = known.filter(isEnded).filter(({ state }) => state === 'succeeded');
    for (const job of endedInCopy) await place.ledger.check(job, place.api);
    const fresh = await place.api.submit({ automation: 'job', parameters: { run: 'say fresh' } });
    const freshBefore = await place.api.job(fresh.id);

    for (const agent of agents) {
      const { exitCode } = await farhand(['agent', 'trust-hub'], { environment: { FARHAND_DATA: agent.data } });
      assert.equal(exitCode, 0);
    }
    await place.open('late');
    const ends: Job[] = [];
    for (const { id } of [...known, fresh]) ends.push(await place.api.end(id));

    for (const { exitCode, stderr } of [...backups, verified, restored]) assert.equal(exitCode, 0, stderr);
    const told = JSON.parse(restored.stdout);
    assert.deepEqual(told.agents, ['a1', 'a2']);
    assert.ok(told.queued > 0 && told.running > 0 && endedInCopy.length > 0, restored.stdout);
    assert.equal(freshBefore.state, 'queued');
    const states = new Map<string, number>();
    for (const job of ends) {
      states.set(job.state, (states.get(job.state) ?? 0) + 1);
      const starts = await place.ledger.starts(job.id);
      assert.ok(starts <= 1, `job ${job.id} started ${starts} times`);
      if (job.state === 'succeeded') await place.ledger.check(job, place.api);
      else if (job.state === 'cancelled') assert.equal(job.started, 'unknown');
      else assert.deepEqual([job.state, job.cause], ['lost', 'state-lost']);
    }
    assert.equal(states.get('cancelled'), told.queued);
    assert.deepEqual([ends.at(-1)?.state, ends.at(-2)?.state], ['succeeded', 'succeeded']);
    for (const before of endedInCopy)
      assert.deepEqual(
        ends.find(({ id }) => id === before.id),
        before,
      );
    // Of what was offered after the copy was made this hub knows nothing, so it may not have the agent throw it away.
    for (const agent of agents) {
      await until(`${agent.name} to keep no more than that`, async () =>
        agent.attempts().every((id) => !isKnown(data, id)),
      );
    }
  },
);
