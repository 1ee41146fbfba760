import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FactsReport } from '../../../protocol/facts.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import { account, createScene, type OpenStore, type Scene } from './scene.ts';

const digest = 'a'.repeat(64);
const firstMs = Date.parse('2026-01-01T00:00:00Z');

/** A report of the nth run of a probe, one a minute. */
function ran(run: number, facts: JsonObject, change: Partial<FactsReport> = {}): FactsReport {
  return {
    probe: 'host',
    digest,
    facts,
    collectedAt: new Date(firstMs + run * 60_000).toISOString(),
    durationMs: 12,
    volatile: ['/uptime'],
    error: null,
    ...change,
  };
}

function failed(message: string, change: Partial<FactsReport> = {}): FactsReport {
  const error = { message, at: new Date(firstMs + 3_600_000).toISOString() };
  return ran(0, {}, { facts: null, collectedAt: null, durationMs: null, error, ...change });
}

async function changes(scene: Scene, agentId: string) {
  const events = await scene.store.queries.auditOf(account, `agent:${agentId}`, 0, 1000);
  return events.filter(({ action }) => action === 'facts.changed');
}

const page = { limit: 100, cursor: null };

export function testFacts(open: OpenStore): void {
  describe('facts', () => {
    test('are kept as they are; what changed in them is an event, and volatile values are no change', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId, name } = await scene.agent();
      const record = (report: FactsReport) => scene.apply('record-facts', { agentId, report });

      const answers = [
        await record(ran(1, { os: 'a', uptime: 1 })),
        await record(ran(2, { os: 'a', uptime: 2 })),
        await record(ran(3, { os: 'b', uptime: 3, disks: [] })),
        await record(ran(4, { os: 'b', uptime: 4 })),
      ];

      assert.deepEqual(answers, [
        { type: 'changed', keys: ['os', 'uptime'] },
        { type: 'refreshed' },
        { type: 'changed', keys: ['disks', 'os'] },
        { type: 'changed', keys: ['disks'] },
      ]);
      assert.deepEqual(await store.queries.factsOf(agentId, 'host'), {
        agentId,
        probe: 'host',
        digest,
        facts: { os: 'b', uptime: 4 },
        collectedAt: firstMs + 240_000,
        changedAt: firstMs + 240_000,
        durationMs: 12,
        error: null,
      });
      assert.deepEqual(
        (await changes(scene, agentId)).map(({ actor, data }) => [actor, data]),
        [
          [1, ['os', 'uptime']],
          [2, ['disks', 'os']],
          [3, ['disks']],
        ].map(([sequence, changed]) => [`agent:${agentId}`, { agent: name, probe: 'host', sequence, changed }]),
      );
      const history = await store.queries.factsHistory(agentId, 'host', page);
      assert.deepEqual(
        history.items.map(({ sequence, facts, changed, collectedAt }) => ({ sequence, facts, changed, collectedAt })),
        [
          { sequence: 3, facts: { os: 'b', uptime: 4 }, changed: ['disks'], collectedAt: firstMs + 240_000 },
          {
            sequence: 2,
            facts: { os: 'b', uptime: 3, disks: [] },
            changed: ['disks', 'os'],
            collectedAt: firstMs + 180_000,
          },
          { sequence: 1, facts: { os: 'a', uptime: 1 }, changed: ['os', 'uptime'], collectedAt: firstMs + 60_000 },
        ],
      );
    });

    test('keep the time of their last change while only volatile values are news', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();

      await scene.apply('record-facts', { agentId, report: ran(1, { os: 'a', uptime: 1 }) });
      await scene.apply('record-facts', { agentId, report: ran(5, { os: 'a', uptime: 5 }) });

      const facts = await store.queries.factsOf(agentId, 'host');
      assert.deepEqual([facts?.collectedAt, facts?.changedAt], [firstMs + 300_000, firstMs + 60_000]);
    });

    test('that were told before write nothing, so that a doubled event is harmless', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const report = ran(1, { os: 'a', uptime: 1 });

      await scene.apply('record-facts', { agentId, report });
      const again = await scene.apply('record-facts', { agentId, report: structuredClone(report) });

      assert.deepEqual(again, { type: 'known' });
      assert.equal((await changes(scene, agentId)).length, 1);
    });

    test('stay with their time when the probe fails, also when its agent no longer knows them', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const good = ran(1, { os: 'a' });
      await scene.apply('record-facts', { agentId, report: good });

      const after = await scene.apply('record-facts', { agentId, report: failed('exit status 1') });
      const broken = await store.queries.factsOf(agentId, 'host');
      const mended = await scene.apply('record-facts', { agentId, report: ran(9, { os: 'a' }) });

      assert.deepEqual([after, mended], [{ type: 'refreshed' }, { type: 'refreshed' }]);
      assert.deepEqual(
        [broken?.facts, broken?.collectedAt, broken?.changedAt, broken?.error],
        [{ os: 'a' }, firstMs + 60_000, firstMs + 60_000, { message: 'exit status 1', at: firstMs + 3_600_000 }],
      );
      assert.equal((await store.queries.factsOf(agentId, 'host'))?.error, null);
      assert.equal((await changes(scene, agentId)).length, 1);
    });

    test('are there without facts while a probe has only failed', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();

      await scene.apply('record-facts', { agentId, report: failed('no such program') });
      const before = await store.queries.factsOf(agentId, 'host');
      const first = await scene.apply('record-facts', { agentId, report: ran(1, {}) });

      assert.deepEqual([before?.facts, before?.changedAt, before?.error?.message], [null, null, 'no such program']);
      assert.deepEqual(first, { type: 'changed', keys: [] });
    });

    test('have a history of the last 100 changes, page by page', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      for (let run = 1; run <= 103; run++) {
        await scene.apply('record-facts', { agentId, report: ran(run, { value: run }) });
      }

      const first = await store.queries.factsHistory(agentId, 'host', { limit: 60, cursor: null });
      const second = await store.queries.factsHistory(agentId, 'host', { limit: 60, cursor: first.nextCursor });

      const sequences = [...first.items, ...second.items].map(({ sequence }) => sequence);
      assert.deepEqual(
        sequences,
        Array.from({ length: 100 }, (_, index) => 103 - index),
      );
      assert.equal(second.nextCursor, null);
      await assert.rejects(store.queries.factsHistory(agentId, 'host', { limit: 1, cursor: 'no' }), {
        code: 'cursor-invalid',
      });
    });

    test('have a history of bounded bytes, of which the newest change is always a part', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const large = 'x'.repeat(200_000);
      for (let run = 1; run <= 9; run++) {
        await scene.apply('record-facts', { agentId, report: ran(run, { large, run }) });
      }

      const { items } = await store.queries.factsHistory(agentId, 'host', page);

      assert.deepEqual([items[0]?.sequence, items.length], [9, 5]);
    });

    test('are those of the newest 64 probes of an agent, whatever it calls them', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      for (let probe = 1; probe <= 64; probe++) {
        await scene.apply('record-facts', { agentId, report: ran(1, { probe }, { probe: `p${probe}` }) });
      }
      await scene.apply('record-facts', { agentId, report: ran(2, { probe: 'again' }, { probe: 'p1' }) });

      await scene.apply('record-facts', { agentId, report: ran(1, { probe: 65 }, { probe: 'p65' }) });

      const { items } = await store.queries.allFactsOf(agentId, page);
      assert.equal(items.length, 64);
      assert.deepEqual(
        ['p1', 'p2', 'p65'].map((name) => items.some(({ probe }) => probe === name)),
        [true, false, true],
      );
      assert.deepEqual((await store.queries.factsHistory(agentId, 'p2', page)).items, []);
    });

    test('of one agent are not those of another; they are listed by probe, page by page', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [one, other] = [await scene.agent(), await scene.agent()];
      for (const probe of ['c', 'a', 'b']) {
        await scene.apply('record-facts', { agentId: one.id, report: ran(1, { probe }, { probe }) });
      }
      await scene.apply('record-facts', { agentId: other.id, report: ran(1, { of: 'other' }, { probe: 'a' }) });

      const first = await store.queries.allFactsOf(one.id, { limit: 2, cursor: null });
      const second = await store.queries.allFactsOf(one.id, { limit: 2, cursor: first.nextCursor });

      assert.deepEqual(
        [...first.items, ...second.items].map(({ probe }) => probe),
        ['a', 'b', 'c'],
      );
      assert.equal(second.nextCursor, null);
      assert.deepEqual((await store.queries.factsOf(other.id, 'a'))?.facts, { of: 'other' });
      assert.equal(await store.queries.factsOf(other.id, 'b'), null);
      const unknown = await scene.apply('record-facts', { agentId: 'nobody', report: ran(1, {}) });
      assert.deepEqual(unknown, { type: 'unknown' });
    });
  });
}
