import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

faultTest(
  {
    broken: "agent's data folder, copied",
    when: 'while a job runs, and a second agent is started on the copy',
    outcome: 'the hub says so, and nothing runs twice; until the copy is stopped, jobs may be called lost that ran',
  },
  async ({ createPlace, note }) => {
    await using place = await createPlace();
    await place.hub.start();
    const agent = await place.addAgent('a1', { FARHAND_SLOTS: '4' });
    await agent.start();
    await place.api.takesWork('a1');
    const submit = async (run: string) => (await place.api.submit({ automation: 'job', parameters: { run } })).id;
    const ids = [await submit('say up; wait_for go; say done')];
    await until('the job to be up', async () => (await place.api.log(ids[0] ?? '')).length > 0);
    await agent.kill();
    const copy = join(place.folder, 'copy');
    await cp(agent.data, copy, { recursive: true });
    await agent.start();

    await using twin = place.addTwin(agent, { FARHAND_DATA: copy });
    twin.launch();
    await place.hub.said(/key is shared by two agents/);
    const seen = await until('the hub to show it', async () => {
      const { health } = await place.api.agent('a1');
      return health?.problems.some((problem) => problem.includes('two agents run with the key')) ? health : null;
    });
    for (let further = 0; further < 8; further += 1) ids.push(await submit('say further'));
    await place.open('go');
    for (const id of ids) await place.api.end(id);
    await twin.kill();
    const afterwards = await submit('say afterwards');

    assert.equal(seen.state, 'degraded');
    for (const id of [...ids, afterwards]) {
      const end = await place.api.end(id);
      if (end.state === 'lost') {
        assert.match(end.cause ?? '', /^(state|process)-lost$/);
        assert.ok((await place.ledger.starts(id)) <= 1);
      } else await place.ledger.check(end, place.api);
    }
    const ends = await Promise.all(ids.map((id) => place.api.end(id)));
    note(`${ends.filter(({ state }) => state === 'lost').length} of ${ids.length} called lost`);
    assert.equal((await place.api.end(afterwards)).state, 'succeeded');
  },
);
