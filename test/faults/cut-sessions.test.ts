import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createFaultPlace } from '../support/fault-place.ts';
import { isEnded } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createDice } from '../support/seeded-dice.ts';
import { runCutSessions } from './rows/cut-sessions.ts';

checkLeaks();

test('a session cut at every byte of a 64 KiB log', async (t) => {
  const bytes = await runCutSessions({ masked: false, every: 1 });

  t.diagnostic(`sessions began at ${bytes} bytes`);
});

test('a session cut in and around secrets, all over a 64 KiB log', async (t) => {
  const bytes = await runCutSessions({ masked: true, every: 4_001 });

  t.diagnostic(`sessions began at ${bytes} bytes`);
});

test('a session over a real socket, cut at random bytes while the job prints', async (t) => {
  const dice = createDice();
  await using place = await createFaultPlace({});
  await place.hub.start();
  const agent = await place.addAgent('a1');
  await agent.start();
  await place.api.takesWork('a1');
  const line = 'say "line $i of a job whose session is cut again and again"';
  const run = `i=0; while [ $i -lt 6000 ]; do ${line}; i=$((i+1)); [ $((i % 50)) -ne 0 ] || sleep 0.05; done`;
  const { id } = await place.api.submit({ automation: 'job', parameters: { run } });

  let cuts = 0;
  while (!isEnded(await place.api.job(id))) {
    await delay(dice.below(60));
    agent.line.cut({ path: /\/v1\/sessions\// });
    cuts += 1;
  }

  const job = await place.api.end(id);
  assert.equal(job.state, 'succeeded', `seed ${dice.seed}`);
  await place.ledger.check(job, place.api);
  t.diagnostic(`${cuts} cuts with the seed ${dice.seed}`);
});
