import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { serveLink } from '../../sync/serve-link.ts';
import type { SyncClient } from '../../sync/sync-client.ts';
import { createTestRandom } from './world.ts';

/** A client that tells what is done to it. */
function createClient(
  name: string,
  { life, busy = false }: { readonly life: string[]; readonly busy?: boolean },
): SyncClient {
  return {
    resource: 'io.farhand.test.things',
    receive: () => {},
    open() {
      if (busy) throw new Error('expected the link before to have ended');
      life.push(`${name} opened`);
    },
    compare: () => void life.push(`${name} compared`),
    close: async () => void life.push(`${name} closed`),
    async [Symbol.asyncDispose]() {},
  };
}

function setUp() {
  const clock = createVirtualClock();
  const cut = new AbortController();
  const options = { signal: cut.signal, clock, random: createTestRandom(), options: { periodMs: 60_000 } };
  const life: string[] = [];
  return { clock, cut, options, life };
}

suite('the life of a link', () => {
  test('is the same for all its clients, and their comparisons come together', async () => {
    const { clock, cut, options, life } = setUp();
    const served = serveLink(async () => {}, {
      ...options,
      clients: [createClient('a', { life }), createClient('b', { life })],
    });

    await clock.advance(60_000);
    cut.abort();
    await served;

    assert.deepEqual(life, ['a opened', 'b opened', 'a compared', 'b compared', 'a closed', 'b closed']);
    assert.equal(clock.pending, 0);
  });

  test('leaves none open when one of them still has another link', async () => {
    const { clock, options, life } = setUp();
    const clients = [createClient('a', { life }), createClient('b', { life, busy: true })];

    await assert.rejects(
      serveLink(async () => {}, { ...options, clients }),
      /expected the link before/,
    );

    assert.deepEqual(life, ['a opened', 'a closed']);
    assert.equal(clock.pending, 0);
  });

  test('never begins when it is over already', async () => {
    const { cut, options, life } = setUp();
    cut.abort();

    await serveLink(async () => {}, { ...options, clients: [createClient('a', { life })] });

    assert.deepEqual(life, []);
  });
});
