import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createDice } from '../support/seeded-dice.ts';
import { until } from '../support/until.ts';

checkLeaks();

const slowShell = '#!/bin/sh\nsleep 2\nexec /bin/sh "$@"\n';

/** An agent whose shell takes two seconds to begin is killed within them, and started again. */
faultTest(
  {
    broken: 'agent, by SIGKILL',
    when: 'between the start of the shell and the fence',
    outcome: 'the command runs once',
  },
  async ({ createPlace, note }) => {
    const dice = createDice();
    await using place = await createPlace();
    const slow = join(place.folder, 'slow');
    await mkdir(slow);
    await writeFile(join(slow, 'sh'), slowShell);
    await chmod(join(slow, 'sh'), 0o755);
    await place.hub.start();
    const agent = await place.addAgent('a1', { PATH: `${slow}:${process.env['PATH'] ?? ''}` });
    await agent.start();
    await place.api.takesWork('a1');
    const ids: string[] = [];
    let unborn = 0;
    for (let round = 0; round < 4; round += 1) {
      const { id } = await place.api.submit({ automation: 'job', parameters: { run: 'say once' } });
      ids.push(id);
      const attempt = await until('the document', () =>
        agent.attempts().find((one) => existsSync(agent.attemptFile(one, 'document.json'))),
      );
      await delay(dice.below(1_500));
      assert.equal(existsSync(agent.attemptFile(attempt, 'started')), false, 'the slow shell is the one that is used');
      await agent.kill();
      await delay(dice.below(700));
      await agent.start();
      const end = await place.api.end(id);
      assert.deepEqual([end.state, end.exitCode], ['succeeded', 0], `FAULT_SEED=${dice.seed}`);
      if (end.attempt === 2) unborn += 1;
    }
    // Long enough for every slow shell of a dead agent to have woken up.
    await delay(4_500);

    for (const id of ids) assert.equal(await place.ledger.starts(id), 1, `FAULT_SEED=${dice.seed}`);
    note(`${ids.length} kills before the fence, ${unborn} proved that nothing had started`);
  },
);
