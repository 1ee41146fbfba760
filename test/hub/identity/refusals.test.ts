import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noteAgentRefusals } from '../../../hub/identity/noted-refusals.ts';
import { Refusals } from '../../../hub/identity/refusals.ts';
import type { CommandInput } from '../../../hub/store/command.ts';
import type { Store } from '../../../hub/store/store.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { startFakeAgent } from '../../support/fake-agent.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

checkLeaks();

type Lines = CommandInput<'record-refusals'>['refusals'];

function start() {
  const clock = createVirtualClock();
  const written: Lines[] = [];
  const apply = async (_: string, input: { readonly refusals: Lines }) => void written.push(input.refusals);
  const refusals = new Refusals({ store: { apply: apply as never }, clock, logger: silentLogger });
  return { clock, written, refusals };
}

describe('refusals', () => {
  it('are written once a minute, however many there were, with where they came from', async () => {
    const { clock, written, refusals } = start();
    const subject = { account: 'acme', object: 'token:t1' };

    for (let knock = 0; knock < 1000; knock++) {
      refusals.note({ door: 'api', remote: '192.0.2.1', subject });
      refusals.note({ door: 'api', remote: '192.0.2.2', subject: null });
    }
    const before = written.length;
    await clock.advance(60_000);
    await clock.advance(600_000);

    assert.equal(before, 0);
    assert.deepEqual(
      written.map((lines) => lines.map(({ object, count, from }) => ({ object, count, from }))),
      [
        [
          { object: 'token:t1', count: 1000, from: { '192.0.2.1': 1000 } },
          { object: 'door:api', count: 1000, from: { '192.0.2.2': 1000 } },
        ],
      ],
    );
  });

  it('are a bounded number of lines and addresses, and none is left uncounted', async () => {
    const { written, refusals } = start();

    for (let knock = 0; knock < 5000; knock++) {
      const subject = { account: 'acme', object: `token:t${knock % 500}` };
      refusals.note({ door: 'api', remote: `192.0.2.${knock % 250}`, subject });
    }
    await refusals[Symbol.asyncDispose]();

    const [lines = []] = written;
    assert.ok(lines.length <= 51, `${lines.length} lines`);
    assert.equal(
      lines.reduce((sum, { count }) => sum + count, 0),
      5000,
    );
    for (const { count, from } of lines) {
      assert.ok(Object.keys(from).length <= 11);
      assert.equal(
        Object.values(from).reduce((sum, one) => sum + one, 0),
        count,
      );
    }
  });
});

describe('the audit of a hub', () => {
  it('tells each account who came with what it had taken back, and the hub’s own who came as nobody', async () => {
    await using hub = await startTestHub();
    const { body } = await hub.call('POST', '/tokens', { role: 'viewer', account: 'acme' });
    const gone = body as { readonly id: string; readonly token: string };
    await hub.call('DELETE', `/tokens/${gone.id}?account=acme`);
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    await hub.call('POST', '/agents/a1/revoke', {});
    await agent.ended;

    for (let knock = 0; knock < 3; knock++) await hub.call('GET', '/jobs', undefined, gone.token);
    await hub.call('GET', '/jobs', undefined, 'fhu_wrong');
    await assert.rejects(() => agent.connect());
    await hub.restart();

    assert.deepEqual(await readRefusals(hub, 'acme'), [`token:${gone.id} 3`]);
    assert.deepEqual(await readRefusals(hub, 'default'), [`agent:${agent.id} 1`, 'door:api 1']);
  });
});

async function readRefusals(hub: TestHub, account: string): Promise<readonly string[]> {
  const { body } = await hub.call('GET', `/audit?action=auth.refused&account=${account}`);
  const { items } = body as {
    readonly items: readonly { readonly object: string; readonly data: { count: number } }[];
  };
  return items.map(({ object, data }) => `${object} ${data.count}`).toSorted();
}

it('refusals are written minute after minute, those too that come while others are being written', async () => {
  const clock = createVirtualClock();
  const written: number[] = [];
  let gate = Promise.resolve();
  const store = {
    async apply(_name: string, { refusals }: { readonly refusals: readonly { readonly count: number }[] }) {
      await gate;
      for (const { count } of refusals) written.push(count);
      return null;
    },
  } as unknown as Pick<Store, 'apply'>;
  const refusals = new Refusals({ store, clock, logger: silentLogger });
  const note = () => refusals.note({ door: 'api', remote: '192.0.2.1', subject: null });

  note();
  await clock.advance(60_000);
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  for (let count = 0; count < 2; count += 1) note();
  await clock.advance(60_000);
  for (let count = 0; count < 3; count += 1) note();
  resolve();
  await clock.advance(60_000);

  assert.deepEqual(written, [1, 2, 3]);
  await refusals[Symbol.asyncDispose]();
  assert.equal(clock.pending, 0);
});

it('refusals of agents are those whose signature does not hold, and no others', async () => {
  const noted: unknown[] = [];
  const store = { queries: { agentIdentity: async () => null } } as unknown as Pick<Store, 'queries'>;
  const refusals = { note: (refusal: unknown) => void noted.push(refusal) };
  const ask = (code: 'unauthorized' | 'forbidden' | 'unavailable') => {
    const refused = { type: 'refused', code, message: 'no', retryAfterMs: null } as const;
    const authenticate = noteAgentRefusals(async () => refused, { store, refusals });
    return authenticate({ presented: 'unreadable', target: '/v1/control', remote: '192.0.2.1', certificate: null });
  };

  const answers = [await ask('unavailable'), await ask('forbidden'), await ask('unauthorized')];

  assert.deepEqual(
    answers.map((answer) => answer.type === 'refused' && answer.code),
    ['unavailable', 'forbidden', 'unauthorized'],
  );
  assert.deepEqual(noted, [{ door: 'agents', remote: '192.0.2.1', subject: null }]);
});
