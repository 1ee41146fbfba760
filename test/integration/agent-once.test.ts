import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Job } from '../../protocol/job.ts';
import { createPlace, farhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

it('agent --once takes one job, and exits as that job did, or with 6 when none came', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  const job = await farhand(['run', 'fail', '--queue-unknown', '--detach'], { environment: client });
  const { stdout: joinToken } = await farhand(['token', 'create', '--join'], { environment: client });
  const environment = {
    FARHAND_HUB_URL: address.replace('http', 'ws'),
    FARHAND_JOIN_TOKEN: joinToken.trim(),
    FARHAND_DATA: join(place.folder, 'agent'),
    FARHAND_AUTOMATIONS: join(import.meta.dirname, '../../examples/automations'),
  };

  const took = await farhand(['agent', '--once'], { environment });
  const idle = await farhand(['agent', '--once', '--idle-seconds', '0.5'], { environment });

  const ended = JSON.parse(
    (await farhand(['jobs', job.stdout.trim(), '--json'], { environment: client })).stdout,
  ) as Job;
  assert.deepEqual([took.exitCode, ended.state, ended.exitCode], [1, 'failed', 3]);
  assert.equal(idle.exitCode, 6);
});
