import assert from 'node:assert/strict';
import type { Job } from '../../protocol/job.ts';
import type { FaultPlace } from '../support/fault-place.ts';
import { faultTest } from '../support/fault-test.ts';
import { isEnded } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

async function submitMany({ api }: FaultPlace, count: number, token: string): Promise<readonly string[]> {
  const ids: string[] = [];
  const work = async () => {
    while (ids.length < count) {
      const place = ids.push('') - 1;
      ids[place] = (await api.submit({ automation: 'job', parameters: { run: 'say hello' } }, token)).id;
    }
  };
  await Promise.all(Array.from({ length: 10 }, work));
  return ids;
}

async function endedOf({ api }: FaultPlace, token: string): Promise<readonly Job[]> {
  const { body } = await api.call('GET', '/jobs?state=succeeded,failed&limit=500', { token });
  return (JSON.parse(body.toString()) as { items: readonly Job[] }).items.filter(isEnded);
}

faultTest(
  {
    broken: 'nothing',
    when: 'one account has 1,000 jobs for one slot',
    outcome: 'ten jobs of another that come later are among the next 25 that end',
  },
  async ({ createPlace, note }) => {
    await using place = await createPlace();
    await place.hub.start();
    const agent = await place.addAgent('a1', { FARHAND_SLOTS: '1' });
    await agent.start();
    await place.api.takesWork('a1');
    const [first, second] = [await place.api.userToken('first'), await place.api.userToken('second')];

    await submitMany(place, 1_000, first);
    await until('the first account to be served', async () => (await endedOf(place, first)).length >= 5);
    const late = await submitMany(place, 10, second);
    const since = new Date().toISOString();
    const ends = await until('the second account to be served', async () => {
      const jobs = await endedOf(place, second);
      return jobs.length === late.length ? jobs : null;
    });

    const all = [...ends, ...(await endedOf(place, first))];
    const order = all
      .filter(({ finishedAt }) => (finishedAt ?? '') > since)
      .toSorted((a, b) => ((a.finishedAt ?? '') < (b.finishedAt ?? '') ? -1 : 1));
    const last = order.findLastIndex(({ account }) => account === 'second') + 1;
    assert.ok(last <= 25, `expected the ten among the next 25 that end, the last of them was number ${last}`);
    assert.ok((await endedOf(place, first)).length < 1_000);
    note(`the last of the ten was number ${last}`);
  },
);
