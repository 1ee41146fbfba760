import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace, testLimits } from './agent-place.ts';

checkLeaks();

test('Under cuts, lost and doubled events and agents that come and go, every job ends once with every byte', async () => {
  await using place = await createAgentPlace();
  const { hub, network } = place;
  let seed = 7;
  const chance = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  network.watch((connection) => {
    if (connection.target !== '/v1/control') connection.cutAfter('up', { bytes: 1_500 + chance(6_000) });
  });
  Object.assign(network.faults, { double: 0.2, late: 0.2, lateMs: 20, latencyMs: 1, jitterMs: 3 });
  const session = { ...testLimits.attempt.session, windowBytes: 2_000, maxRetryMs: 20 };
  const limits = { ...testLimits, attempt: { ...testLimits.attempt, session } };
  let agent = await place.start({ limits, slots: 40 });

  const run =
    'echo "$FARHAND_ATTEMPT_ID" >>"$GATE/ledger"; seq 1 300; sleep 0.2; echo "$FARHAND_SECRET_WORD"; seq 300 600';
  const ids = Array.from({ length: 24 }, () =>
    hub.offer({ automation: 'sh', parameters: { run }, secrets: { word: 'correct-horse' } }),
  );
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    if (round === 1) for (const connection of network.connections) connection.cut();
    await agent[Symbol.asyncDispose]();
    agent = await place.start({ limits, slots: 40 });
  }
  const results = await Promise.all(ids.map((id) => hub.result(id)));

  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join('');
  const expected = `${numbers(1, 300)}***\n${numbers(300, 600)}`;
  for (const [index, id] of ids.entries()) {
    assert.equal(hub.log(id).toString(), expected);
    assert.deepEqual([results[index]?.outcome, results[index]?.log.sha256], ['succeeded', hub.digest(id)]);
    assert.equal(hub.get(id).documentsSent >= 1, true);
  }
  const ledger = (await readFile(join(place.gate, 'ledger'), 'utf8')).trim().split('\n');
  assert.deepEqual(ledger.toSorted(), ids.toSorted());
});
