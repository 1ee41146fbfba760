import assert from 'node:assert/strict';
import { it } from 'node:test';
import { WakingClient } from '../../../hub/control/waking-client.ts';
import { resourceTypes } from '../../../protocol/event-type.ts';
import type { SyncClient } from '../../../sync/sync-client.ts';

/** What the client was asked that was made, if one was. */
function createPlace() {
  const calls: string[] = [];
  const make = (): SyncClient => ({
    resource: resourceTypes.nodes,
    receive: () => void calls.push('receive'),
    open: () => void calls.push('open'),
    compare: () => void calls.push('compare'),
    close: async () => void calls.push('close'),
    [Symbol.asyncDispose]: async () => {},
  });
  return { calls, client: new WakingClient(resourceTypes.nodes, make) };
}

it('A client that is woken while there is a link begins with it', () => {
  const { calls, client } = createPlace();
  client.open(async () => {});

  const was = client.wake();

  assert.equal(was, false);
  assert.equal(client.wake(), true);
  assert.deepEqual(calls, ['open']);
});

it('A client that is woken when its link is over opens none', async () => {
  const { calls, client } = createPlace();
  client.open(async () => {});
  await client.close();

  client.wake();

  assert.deepEqual(calls, []);
});
