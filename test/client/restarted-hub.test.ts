import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClient } from 'farhand/client';
import { checkLeaks } from '../support/leak-check.ts';
import { startTestHub } from '../support/test-hub.ts';

checkLeaks();

describe('a watcher of events', () => {
  it('misses nothing and gets nothing twice when the hub is restarted under it', async () => {
    await using hub = await startTestHub();
    const { token } = (await hub.call('POST', '/tokens', { role: 'operator' })).body as { token: string };
    const client = createClient({ address: hub.address, token });
    const seen: string[] = [];
    const ids: string[] = [];

    const first = await client.submitJob({ automation: 'nobody-has-it' });
    ids.push(first.id);
    for await (const { event, data } of client.watchEvents({ lastEventId: '0' })) {
      if (event !== 'job.queued') continue;
      seen.push(data.object);
      if (seen.length === 3) break;
      const last = await client.submitJob({ automation: 'nobody-has-it' });
      ids.push(last.id);
      if (seen.length === 1) await hub.restart();
    }

    assert.deepEqual(
      seen,
      ids.slice(0, 3).map((id) => `job:${id}`),
    );
  });
});
