import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertTransition, isCorrectable, isSettled, type JobMoment } from '../../../hub/store/job-transitions.ts';

const moments = {
  queued: { state: 'queued', cause: null },
  offered: { state: 'offered', cause: null },
  running: { state: 'running', cause: null },
  succeeded: { state: 'succeeded', cause: 'exit-code' },
  failed: { state: 'failed', cause: 'exit-code' },
  cancelled: { state: 'cancelled', cause: 'cancelled' },
  'timed-out': { state: 'timed-out', cause: 'timeout' },
  'agent-lost': { state: 'lost', cause: 'agent-lost' },
  'state-lost': { state: 'lost', cause: 'state-lost' },
  'process-lost': { state: 'lost', cause: 'process-lost' },
} as const satisfies Record<string, JobMoment>;
type MomentName = keyof typeof moments;

const ends: readonly MomentName[] = ['succeeded', 'failed', 'cancelled', 'timed-out'];
const losses: readonly MomentName[] = ['state-lost', 'process-lost'];

/** `docs/attempts.md` §1, as it reads. */
const legal: Readonly<Record<MomentName, readonly MomentName[]>> = {
  queued: ['offered', 'agent-lost', ...ends],
  offered: ['queued', 'running', 'agent-lost', ...ends, ...losses],
  running: ['queued', 'agent-lost', ...ends, ...losses],
  'agent-lost': [...ends, ...losses],
  succeeded: [],
  failed: [],
  cancelled: [],
  'timed-out': [],
  'state-lost': [],
  'process-lost': [],
};

describe('the ways between states', () => {
  for (const [from, targets] of Object.entries(legal) as [MomentName, readonly MomentName[]][]) {
    for (const to of Object.keys(moments) as MomentName[]) {
      const allowed = targets.includes(to);
      test(`${from} ${allowed ? 'may' : 'may not'} become ${to}`, () => {
        const take = () => assertTransition(moments[from], moments[to]);

        if (allowed) assert.doesNotThrow(take);
        else assert.throws(take, /the code asked for/);
      });
    }
  }

  test('only a loss by silence is correctable', () => {
    const correctable = Object.entries(moments).filter(([, moment]) => isCorrectable(moment));

    assert.deepEqual(
      correctable.map(([name]) => name),
      ['agent-lost'],
    );
  });

  test('every other end is settled', () => {
    const settled = Object.entries(moments).filter(([, moment]) => isSettled(moment));

    assert.deepEqual(settled.map(([name]) => name).sort(), [...ends, ...losses].sort());
  });
});
