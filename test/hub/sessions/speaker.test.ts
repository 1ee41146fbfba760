import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSpeaker } from '../../../hub/sessions/speaker.ts';
import type { Store } from '../../../hub/store/store.ts';
import type { OpenFrame } from '../../../protocol/session-frame.ts';
import { resultFor } from './session-bench.ts';

const open: OpenFrame = {
  type: 'open',
  attempt: '11111111-1111-4111-8111-111111111111',
  leaseEpoch: 3,
  opens: 4,
  folderId: '22222222-2222-4222-8222-222222222222',
  have: 'claimed',
  rawBytes: 0,
  needsDocument: true,
  needsSecrets: true,
};
const agent = { id: 'agent', account: 'default', name: 'a1' };
const ticketOf = (storeId: string) => ({
  attempt: open.attempt,
  agentId: 'agent',
  agentFolderId: 'folder of the agent',
  storeId,
  isOver: false,
});

/** What the store `own` is asked by who speaks. */
async function ask(ticket?: ReturnType<typeof ticketOf>) {
  const asked: (readonly [string, object])[] = [];
  const store = {
    storeId: 'own',
    async apply(name: string, input: object) {
      asked.push([name, input]);
      return { type: 'replaced' };
    },
  } as unknown as Store;
  const speaker = createSpeaker(store, ticket === undefined ? agent : { ...agent, ticket }, open);
  const storedLog = { bytes: 0, sha256: '', complete: true, gaps: [] };
  await speaker.open(1);
  await speaker.end({ result: resultFor(''), storedLog, retrySafe: false, at: 2 });
  return new Map(asked) as ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

it('An agent speaks with the count of its own sessions, and for no runner', async () => {
  const asked = await ask();

  assert.deepEqual([...asked.keys()], ['open-attempt', 'end-attempt']);
  assert.deepEqual(asked.get('open-attempt')?.['epoch'], { leaseEpoch: 3, opens: 4 });
  assert.equal(asked.get('end-attempt')?.['runnerFolderId'], undefined);
});

it('A runner speaks as the folder that it has, with a ticket of this store or of the one that it is a copy of', async () => {
  const [own, foreign] = [await ask(ticketOf('own')), await ask(ticketOf('another'))];

  assert.deepEqual([...own.keys()], ['open-runner', 'end-attempt']);
  assert.equal(own.get('open-runner')?.['agentFolderId'], 'folder of the agent');
  assert.equal(own.get('end-attempt')?.['runnerFolderId'], open.folderId);
  assert.deepEqual(
    [own, foreign].map((asked) => asked.get('open-runner')?.['isOwnTicket']),
    [true, false],
  );
});
