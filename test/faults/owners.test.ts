import assert from 'node:assert/strict';
import { startFarhand } from '../support/farhand-process.ts';
import { faultTest } from '../support/fault-test.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

faultTest(
  {
    broken: 'data folder, used twice',
    when: 'a second agent or hub is started on it',
    outcome: 'the second refuses and says why, the first goes on',
  },
  async ({ createPlace }) => {
    await using place = await createPlace();
    await place.hub.start();
    const agent = await place.addAgent('a1');
    await agent.start();
    const common = { FARHAND_HUB_URL: 'ws://127.0.0.1:1', FARHAND_LISTEN: '127.0.0.1:0' };

    const second = {
      agent: startFarhand(['agent'], { environment: { ...common, FARHAND_DATA: agent.data } }),
      hub: startFarhand(['hub'], { environment: { ...common, FARHAND_DATA: place.hubData } }),
    };

    for (const [name, process] of Object.entries(second)) {
      const { exitCode, stderr } = await process.ended;
      assert.equal(exitCode, 2, name);
      assert.match(stderr, /another running farhand/, name);
      assert.match(stderr, /FARHAND_DATA/, name);
    }
    await place.api.takesWork('a1');
    const { id } = await place.api.submit({ automation: 'job', parameters: { run: 'say hello' } });
    assert.equal((await place.api.end(id)).state, 'succeeded');

    // The kernel dropped the locks with the processes.
    await Promise.all([agent.kill(), place.hub.kill()]);
    await place.hub.start();
    await agent.start();
  },
);
