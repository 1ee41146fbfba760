import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PressureReading, unknownPressure } from '../../agent/pressure/pressure.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

const thrashing: PressureReading = { ...unknownPressure, memory: { percent: 61, from: 'machine' } };
const words = 'memory pressure 61 % over 10 s, limit 20 %';

test('An agent under pressure says so, declines what is offered all the same, and touches no job that runs', async () => {
  await using place = await createAgentPlace();
  let reading = unknownPressure;
  const agent = await place.start({ pressure: () => reading });
  const running = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('go')}; echo down` } });
  await place.hub.until(() => place.hub.log(running).length === 3, 'the job to be up');
  await place.hub.until(() => place.hub.agentReport?.admission?.state === 'open', 'the first report');

  reading = thrashing;
  await place.hub.until(() => place.hub.agentReport?.admission?.state === 'closed', 'the report');
  const crossed = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.until(() => place.hub.report(crossed)?.phase === 'declined', 'a decline');

  const { admission, health } = place.hub.agentReport ?? assert.fail();
  assert.deepEqual(admission?.reasons, [{ kind: 'memory', message: words }]);
  assert.deepEqual(health, { state: 'degraded', problems: [`takes no jobs: ${words}`] });
  assert.deepEqual([place.hub.report(crossed)?.reason, place.hub.report(crossed)?.message], ['pressure', words]);
  assert.equal(agent.status().counts.declined.pressure, 1);
  assert.equal(agent.status().attempts[0]?.state, 'running');

  await place.open('go');
  assert.equal((await place.hub.result(running)).outcome, 'succeeded');
  reading = unknownPressure;
  await place.hub.until(() => place.hub.agentReport?.admission?.state === 'open', 'the report');
  assert.equal(place.hub.agentReport?.health.state, 'ok');
  const later = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  assert.equal((await place.hub.result(later)).outcome, 'succeeded');
});

test('An agent that was started for one job takes it under any pressure', async () => {
  await using place = await createAgentPlace();
  const agent = await place.create({ mode: { type: 'once', jobId: null, idleMs: null }, pressure: () => thrashing });
  await agent.ready;
  await place.hub.until(() => place.hub.agentReport?.admission?.values.memory?.percent === 61, 'the report');

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'sleep 0.3' } });

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('A disk without room closes admission, with a reason of its own', async () => {
  await using place = await createAgentPlace();
  await place.start({ freeBytes: () => 1000 });
  await place.hub.until(() => place.hub.agentReport?.admission?.state === 'closed', 'the report');

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.until(() => place.hub.report(id)?.phase === 'declined', 'a decline');

  assert.deepEqual(
    place.hub.agentReport?.admission?.reasons.map(({ kind }) => kind),
    ['spool'],
  );
  assert.equal(place.hub.report(id)?.reason, 'spool-full');
});
