import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

for (const name of ['raw', 'exit', 'started', 'intent.json', 'result.json', 'result.json.part', 'outputs']) {
  test(`A job that puts a pipe in the place of ${name} holds up nobody`, async () => {
    await using place = await createAgentPlace();
    const agent = await place.start();

    const id = place.hub.offer({ automation: 'sh', parameters: { run: `rm -f ${name}; mkfifo ${name}` } });
    await place.hub.result(id);
    const next = place.hub.offer({ automation: 'sh', parameters: { run: 'echo next' } });

    assert.equal((await place.hub.result(next)).outcome, 'succeeded');
    await place.hub.until(() => agent.status().attempts.length === 0, 'all folders to be freed');
  });
}

test('A log that is replaced by a link shows nothing of what the link leads to', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const other = join(place.root, 'other');
  await writeFile(other, 'not of this job');

  const run = `rm raw; ln -s ${other} raw; ${waitFor('go')}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await place.open('go');
  await place.hub.result(id);

  assert.equal(place.hub.log(id).toString(), '');
});

for (const name of ['exit', 'started', 'intent.json', 'result.json', 'outputs']) {
  test(`A job that makes a huge ${name} ends like any other`, async () => {
    await using place = await createAgentPlace();
    await place.start();

    const id = place.hub.offer({ automation: 'sh', parameters: { run: `truncate -s 3G ${name}; echo done` } });
    const result = await place.hub.result(id);

    assert.equal(result.started, true);
    assert.equal(place.hub.log(id).toString(), 'done\n');
  });
}
