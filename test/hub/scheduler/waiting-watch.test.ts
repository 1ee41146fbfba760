import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WaitingGroup } from '../../../hub/scheduler/waiting-group.ts';
import { WaitingWatch } from '../../../hub/scheduler/waiting-watch.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const minute = 60_000;

function toText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function createBench() {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const lines: { readonly message: string; readonly fields: Record<string, unknown> }[] = [];
  const take = (fields: object, message: string) => lines.push({ message, fields: { ...fields } });
  const logger = { ...silentLogger, info: take, warn: take };
  const bench = {
    groups: [] as WaitingGroup[],
    group: (change: Partial<WaitingGroup> = {}): WaitingGroup => ({
      account: 'default',
      automation: 'greet',
      selector: '',
      jobs: 1,
      oldest: { id: 'job-1', createdAt: startedAt },
      obstacle: 'slots',
      view: { agents: [], reasons: [{ reason: 'slots', agents: 2 }] },
      ...change,
    }),
    /** Lets so much time pass, looks, and gives what was said. */
    async after(passMs: number) {
      await clock.advance(passMs);
      lines.length = 0;
      watch.look();
      return lines.map(({ message, fields }) => `${message}: ${toText(fields['reason'] ?? fields['groups'])}`);
    },
    lines,
  };
  const watch = new WaitingWatch({
    groups: () => ({ groups: bench.groups, more: { groups: 0, jobs: 0 } }),
    clock,
    logger,
  });
  return bench;
}

describe('the watch over what waits', () => {
  it('tells once that jobs wait for long, why, and when they do no more', async () => {
    const bench = createBench();
    bench.groups = [bench.group({ jobs: 7 })];

    const early = await bench.after(minute - 1);
    const late = await bench.after(1);
    const [line] = bench.lines;
    const again = await bench.after(minute);
    bench.groups = [];
    const over = await bench.after(minute);

    assert.deepEqual([early, late, again], [[], ['jobs wait for long: slots'], []]);
    assert.deepEqual(line?.fields, {
      account: 'default',
      automation: 'greet',
      selector: '',
      jobs: 7,
      job: 'job-1',
      oldestSeconds: 60,
      reason: 'slots',
      agents: { slots: 2 },
    });
    assert.deepEqual(over, ['jobs wait no more: ']);
  });

  it('tells soon of jobs that no waiting helps, and anew when the reason changes', async () => {
    const bench = createBench();
    bench.groups = [bench.group({ obstacle: 'labels' })];

    const first = await bench.after(10_000);
    bench.groups = [bench.group({ obstacle: 'offline' })];
    const tooSoon = await bench.after(minute - 1);
    const changed = await bench.after(1);

    assert.deepEqual(first, ['jobs wait, and no agent will take them as things are: labels']);
    assert.deepEqual([tooSoon, changed], [[], ['jobs wait for long: offline']]);
  });

  it('reminds of them after ten minutes, and never says more than a log can hold', async () => {
    const bench = createBench();
    bench.groups = Array.from({ length: 500 }, (_, index) => bench.group({ selector: `n=${index}` }));

    const first = await bench.after(minute);
    const second = await bench.after(10_000);
    const reminders = await bench.after(10 * minute);

    assert.equal(first.length, 21);
    assert.equal(first.at(-1), 'more jobs wait than there are lines for: see /status: 480');
    assert.equal(second.length, 20);
    assert.equal(reminders.length, 21);
  });
});
