import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Progress } from '../../protocol/progress.ts';
import { createFaultPlace, type FaultAgent, type FaultPlace } from '../support/fault-place.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

interface Telling {
  readonly how: string;
  readonly run: string;
  readonly who: string;
  readonly kill: (place: FaultPlace, agent: FaultAgent) => Promise<unknown>;
}

const tellings: readonly Telling[] = [
  {
    how: 'its file',
    run: 'echo "40 copying" >> "$FARHAND_PROGRESS"',
    who: 'the hub was',
    kill: (place) => place.hub.kill(),
  },
  {
    how: 'its log',
    run: 'say "::progress 40::copying"',
    who: 'hub and agent were',
    kill: (place, agent) => Promise.all([place.hub.kill(), agent.kill()]),
  },
];

for (const { how, run, who, kill } of tellings) {
  test(`a running job that says by ${how} how far it is shows it, also after ${who} killed, and not when it ended`, async () => {
    await using place = await createFaultPlace();
    await place.hub.start();
    const agent = await place.addAgent('a1');
    await agent.start();
    await place.api.takesWork('a1');
    const { id } = await place.api.submit({ automation: 'job', parameters: { run: `say up; ${run}; wait_for go` } });
    const expected: Progress = { percent: 40, message: 'copying', outputs: null };
    const shown = async () => (await place.api.job(id)).progress;

    await until('its progress', async () => (await shown()) !== null);
    const before = await shown();
    await kill(place, agent);
    await place.hub.start();
    if (!agent.isUp) await agent.start();
    await until('its progress again', async () => (await shown()) !== null);
    const after = await shown();
    await place.open('go');
    const ended = await place.api.end(id);

    assert.deepEqual([before, after], [expected, expected]);
    assert.deepEqual([ended.state, ended.progress], ['succeeded', null]);
    await place.ledger.check(ended, place.api);
  });
}
