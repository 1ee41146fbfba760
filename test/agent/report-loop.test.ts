import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Catalog } from '../../agent/automations/catalog.ts';
import { createAbsentExecutor } from '../../agent/executors/absent-executor.ts';
import type { Executors } from '../../agent/executors/executors.ts';
import { type ReportLoop, startReportLoop } from '../../agent/report-loop.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';

const noCatalog: Catalog = {
  kinds: [],
  current: { automations: new Map(), mistakes: [] },
  reload: async () => noCatalog.current,
  holdsMistakes: false,
  onChange: () => () => {},
};

const noExecutors: Executors = { local: createAbsentExecutor('none'), list: [], find: createAbsentExecutor };

function start() {
  const clock = createVirtualClock();
  const seen = { lagMs: 0, published: 0 };
  const loop = startReportLoop({
    agentId: 'a1',
    labels: {},
    version: '0.0.0',
    bootId: 'boot',
    transport: () => 'memory',
    catalog: noCatalog,
    executors: noExecutors,
    slots: () => ({ total: 1, used: 0 }),
    health: () => ({ state: 'ok', problems: [] }),
    loopLag: {
      get latest() {
        return { p99Ms: seen.lagMs, meanMs: 0, maxMs: 0 };
      },
      [Symbol.dispose]: () => {},
    },
    admission: () => null,
    key: () => null,
    clusters: () => [],
    clock,
    publish: () => {
      seen.published += 1;
    },
    loops: createLoopBoard(clock),
  });
  const measure = async (lagMs: number) => {
    seen.lagMs = lagMs;
    await clock.advance(15_000);
  };
  return { seen, loop, measure, clock };
}

const toldLag = async (loop: ReportLoop) => (await loop.statuses.get('a1'))?.loopLagMs;

describe('report loop', () => {
  it('says nothing of an event loop that is a few milliseconds more or less late', async () => {
    const { seen, loop, measure } = start();
    using _ = loop;

    for (const lagMs of [0.4, 11.2, 3, 19.9]) await measure(lagMs);

    assert.equal(seen.published, 0);
    assert.equal(await toldLag(loop), 0);
  });

  it('tells the first news at once, what follows closely together, and goes on doing so', async () => {
    const { seen, loop, clock } = start();
    using _ = loop;

    for (let round = 1; round <= 3; round += 1) {
      loop.changed();
      assert.equal(seen.published, 2 * round - 1);
      for (let count = 0; count < 5; count += 1) loop.changed();
      await clock.advance(199);
      assert.equal(seen.published, 2 * round - 1);
      await clock.advance(1);
      assert.equal(seen.published, 2 * round);
      await clock.advance(200);
    }
  });

  it('tells nothing more once it was disposed of', async () => {
    const { seen, loop, clock } = start();
    loop.changed();
    loop.changed();

    loop[Symbol.dispose]();
    await clock.advance(1_000);

    assert.deepEqual([seen.published, clock.pending], [1, 0]);
  });

  it('tells of an event loop that has become late, and of one that keeps up again', async () => {
    const { seen, loop, measure } = start();
    using _ = loop;
    const told: unknown[] = [];

    for (const lagMs of [250, 280, 900, 2]) {
      await measure(lagMs);
      told.push(await toldLag(loop));
    }

    assert.deepEqual(told, [250, 250, 900, 2]);
    assert.equal(seen.published, 3);
  });
});
