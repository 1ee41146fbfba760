import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { faultTest } from '../support/fault-test.ts';
import { isEnded } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createDice } from '../support/seeded-dice.ts';
import { runCutSessions } from './rows/cut-sessions.ts';

checkLeaks();

faultTest(
  {
    broken: 'session',
    when: 'at every byte of a 64 KiB log',
    outcome: 'it goes on where the hub has it, and no byte comes twice',
  },
  async ({ note }) => {
    const bytes = await runCutSessions({ masked: false, every: 1 });

    note(`sessions began at ${bytes} bytes`);
  },
);

faultTest(
  {
    broken: 'session',
    when: 'in and around secrets, all over a 64 KiB log',
    outcome: 'the stream is the same, and shows none',
  },
  async ({ note }) => {
    const bytes = await runCutSessions({ masked: true, every: 4_001 });

    note(`sessions began at ${bytes} bytes`);
  },
);

faultTest(
  { broken: 'session, its socket cut', when: 'at random moments while the job prints', outcome: 'the log is whole' },
  async ({ createPlace, note }) => {
    const dice = createDice();
    await using place = await createPlace({});
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
    note(`${cuts} cuts with the seed ${dice.seed}`);
  },
);
