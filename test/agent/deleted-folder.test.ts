import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

for (const what of ['folder', 'content'] as const) {
  test(`An attempt whose ${what} somebody deletes while its command runs is lost when that ends`, async () => {
    await using place = await createAgentPlace();
    const agent = await place.start();
    const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('go')}` } });
    await place.hub.until(() => place.hub.log(id).toString() === 'up\n', 'the job to be up');

    const folder = place.attemptFolder(id);
    if (what === 'folder') await rm(folder, { recursive: true });
    else for (const name of await readdir(folder)) await rm(join(folder, name));
    await place.open('go');

    await place.hub.until(() => place.hub.get(id).reports.at(-1)?.phase === 'declined', 'the loss to be told');
    assert.equal(place.hub.get(id).reports.at(-1)?.reason, 'state-lost');
    assert.equal(place.hub.get(id).result, null);
    assert.deepEqual(agent.status().slots, { total: 4, used: 0 });
    const next = place.hub.offer({ automation: 'sh', parameters: { run: 'echo next' } });
    assert.equal((await place.hub.result(next)).outcome, 'succeeded');
  });
}

test('An attempt whose folder somebody deleted is ended by a cancel, and lost', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo up; sleep 60' } });
  await place.hub.until(() => place.hub.log(id).toString() === 'up\n', 'the job to be up');

  await rm(place.attemptFolder(id), { recursive: true });
  await place.hub.cancel(id);

  await place.hub.until(() => place.hub.get(id).reports.at(-1)?.phase === 'declined', 'the loss to be told');
  assert.equal(place.hub.get(id).reports.at(-1)?.reason, 'state-lost');
});
