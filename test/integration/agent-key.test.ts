import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createFaultPlace } from '../support/fault-place.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

it('gives an agent key after key, killed at any moment of it, while its job runs on', {
  timeout: 180_000,
}, async () => {
  await using place = await createFaultPlace();
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork('a1');
  const run = 'for i in $(seq 200); do say "line $i"; done; wait_for go; say done';
  const { id } = await place.api.submit({ automation: 'job', parameters: { run } });
  await place.api.jobWhen(id, 'running', ({ started }) => started === true);
  const seen = new Set([(await place.api.agent('a1')).keyFingerprint]);

  for (const [waitMs, victim] of [
    [0, agent],
    [3, place.hub],
    [8, agent],
    [20, agent],
  ] as const) {
    const asked = await place.api.call('POST', '/agents/a1/rotate-key', { body: {} });
    assert.equal(asked.status, 202);
    await delay(waitMs);
    await victim.kill('SIGKILL');
    await victim.start();
    const { keyFingerprint } = await until('the agent to have another key', async () => {
      const found = await place.api.agent('a1');
      return found.keyRotating || !found.online ? null : found;
    });
    assert.ok(!seen.has(keyFingerprint), 'another key than all before');
    seen.add(keyFingerprint);
  }
  await place.open('go');

  const job = await place.api.end(id);
  assert.deepEqual([job.state, job.attempt, job.log?.complete], ['succeeded', 1, true]);
  await place.ledger.check(job, place.api);
});
