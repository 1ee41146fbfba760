import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

const secret = 'correct-horse-battery-staple';

for (const victim of ['agent', 'hub', 'both'] as const) {
  faultTest(
    {
      broken: `${victim === 'both' ? 'hub and agent' : victim}, by SIGKILL`,
      when: 'between two halves of a secret that is printed',
      outcome: 'the stream fits its digest and shows no trace of it',
    },
    async ({ createPlace }) => {
      await using place = await createPlace();
      await place.hub.start();
      const agent = await place.addAgent('a1');
      await agent.start();
      const { id } = await place.api.submit({
        automation: 'job',
        parameters: {
          run: `printf 'begin correct-horse'; wait_for half; printf -- '-battery'; wait_for go; printf -- "-staple middle $FARHAND_SECRET_WORD end\\n"`,
        },
        secrets: { word: secret },
      });
      await until('the first half', async () => (await place.api.log(id)).toString() === 'begin ');

      await Promise.all([victim === 'agent' ? null : place.hub.kill(), victim === 'hub' ? null : agent.kill()]);
      await place.open('half');
      if (!place.hub.isUp) await place.hub.start();
      if (!agent.isUp) await agent.start();
      await place.open('go');
      const end = await place.api.end(id);

      const log = await place.api.log(id);
      assert.equal(log.toString(), 'begin *** middle *** end\n');
      assert.deepEqual([end.state, end.log?.sha256], ['succeeded', createHash('sha256').update(log).digest('hex')]);
      assert.equal(await place.ledger.starts(id), 1);
    },
  );
}
