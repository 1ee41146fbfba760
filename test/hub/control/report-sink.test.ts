import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyPairKeyObjectResult as KeyPair, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { createReportSink } from '../../../hub/control/agent-resource.ts';
import { SharedTurns } from '../../../hub/control/shared-turns.ts';
import { Fleet } from '../../../hub/fleet/fleet.ts';
import type { Store } from '../../../hub/store/store.ts';
import { StoreError } from '../../../hub/store/store-error.ts';
import { toKeyProofText } from '../../../protocol/key-proof.ts';
import { reportOf } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { automationOf, createSchedulerBench } from '../scheduler/scheduler-bench.ts';

checkLeaks();

async function createPlace() {
  const bench = await createSchedulerBench();
  const { id } = await bench.agent('a1');
  const report = reportOf({ automations: [automationOf({})] });
  await bench.store.apply('record-agent-report', { agentId: id, labels: {}, report, at: bench.clock.now() });
  const record = await bench.store.queries.agent(id);
  if (record === null) throw new Error('expected the agent to be stored');
  /** As a hub that starts: it knows of the agent what the store says. */
  const fleet = new Fleet(bench.clock);
  fleet.put(record);
  const turns = new SharedTurns({ clock: bench.clock, everyMs: 20 });
  const createSink = (store: Store) =>
    createReportSink({
      store,
      fleet,
      agentId: id,
      clock: bench.clock,
      onReported: () => {},
      turns,
    });
  return { bench, id, report, fleet, turns, createSink, sink: createSink(bench.store) };
}

describe('the sink of reports', () => {
  it('writes nothing when an agent comes back to a hub that started anew and says what is stored', async () => {
    const { bench, id, report, fleet, sink } = await createPlace();
    await using _ = bench;
    const before = bench.store.commits();

    await sink.apply({
      id,
      version: 1,
      hash: 'h',
      status: { ...report, loopLagMs: 70, slots: { ...report.slots, used: 1 } },
    });

    assert.equal(bench.store.commits(), before);
    assert.deepEqual([fleet.get(id)?.report?.loopLagMs, fleet.get(id)?.report?.slots.used], [70, 1]);
  });

  it('stores a report that says something new', async () => {
    const { bench, id, report, sink } = await createPlace();
    await using _ = bench;

    await sink.apply({ id, version: 1, hash: 'h', status: { ...report, bootId: 'another' } });

    assert.equal((await bench.store.queries.agent(id))?.report?.bootId, 'another');
    await sink.apply({
      id,
      version: 1,
      hash: 'h',
      status: { ...report, bootId: 'another', slots: { total: 9, used: 0 } },
    });
    assert.equal((await bench.store.queries.agent(id))?.report?.slots.total, 9);
  });

  it('stores reports that come close behind many others together with them', async () => {
    const { bench, id, report, turns, sink } = await createPlace();
    await using _ = bench;
    for (let count = 0; count < 8; count += 1) await turns.turn();

    const storing = sink.apply({ id, version: 1, hash: 'h', status: { ...report, bootId: 'another' } });
    await bench.settle();
    const before = (await bench.store.queries.agent(id))?.report?.bootId;
    await bench.clock.advance(20);
    await storing;

    assert.equal(before, report.bootId);
    assert.equal((await bench.store.queries.agent(id))?.report?.bootId, 'another');
  });

  it('stores a report that the store could not take when it is told again', async () => {
    const { bench, id, report, createSink } = await createPlace();
    await using _ = bench;
    let fails = true;
    const sink = createSink({
      ...bench.store,
      apply: (name, input) =>
        fails ? Promise.reject(new StoreError('full', 'no room')) : bench.store.apply(name, input),
    });
    const update = { id, version: 1, hash: 'h', status: { ...report, bootId: 'another' } };

    await assert.rejects(sink.apply(update), { code: 'full' });
    fails = false;
    await sink.apply(update);

    assert.equal((await bench.store.queries.agent(id))?.report?.bootId, 'another');
  });

  it('takes another key that was asked for from an agent that proves that it has it, and from no other', async () => {
    const { bench, id, report, fleet, sink } = await createPlace();
    await using _ = bench;
    await bench.store.apply('rotate-agent-key', {
      account: 'default',
      name: 'a1',
      actor: 'test',
      at: bench.clock.now(),
    });
    const refresh = async () => {
      const record = await bench.store.queries.agent(id);
      if (record !== null) fleet.put(record);
      return record?.nextPublicKey ?? null;
    };
    await refresh();
    const [own, stolen] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
    const say = async ({ publicKey }: KeyPair, { privateKey: signing }: KeyPair) => {
      const text = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
      const proof = sign(null, Buffer.from(toKeyProofText(text, id)), signing).toString('base64');
      const key = { fingerprint: 'of the old one', next: { publicKey: text, proof } };
      await sink.apply({ id, version: 1, hash: 'h', status: { ...report, key } });
      return { text, taken: await refresh() };
    };

    const refused = await say(stolen, own);
    const accepted = await say(own, own);

    assert.equal(refused.taken, null);
    assert.equal(accepted.taken, accepted.text);
  });

  it('takes nothing that an agent says of another', async () => {
    const { bench, id, report, fleet, sink } = await createPlace();
    await using _ = bench;
    const other = await bench.agent('a2');

    await sink.apply({ id: other.id, version: 1, hash: 'h', status: { ...report, bootId: 'forged' } });

    assert.notEqual((await bench.store.queries.agent(other.id))?.report?.bootId, 'forged');
    assert.equal((await bench.store.queries.agent(id))?.report?.bootId, report.bootId);
    assert.notEqual(fleet.get(id)?.report?.bootId, 'forged');
  });
});
