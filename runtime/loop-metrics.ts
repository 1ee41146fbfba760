import type { LoopStatus } from './loop-board.ts';
import type { Metric } from './metrics-text.ts';

/** Loops in numbers, those of one kind together. `prefix`: `farhand_hub`, `farhand_agent`. */
export function toLoopMetrics(prefix: string, loops: readonly LoopStatus[]): readonly Metric[] {
  const kinds = [...Map.groupBy(loops, ({ kind }) => kind)];
  const sample = (value: (sisters: readonly LoopStatus[]) => number) =>
    kinds.map(([loop, sisters]) => ({ labels: { loop }, value: value(sisters) }));
  return [
    {
      type: 'gauge',
      name: `${prefix}_loops_stuck`,
      help: 'Loops that are late by far, which only a fault in the process explains.',
      samples: [{ value: loops.filter(({ isStuck }) => isStuck).length }],
    },
    {
      type: 'counter',
      name: `${prefix}_loop_turns_total`,
      help: 'Turns that loops have done.',
      samples: sample((sisters) => sisters.reduce((sum, { turns }) => sum + turns, 0)),
    },
    {
      type: 'counter',
      name: `${prefix}_loop_failures_total`,
      help: 'What came to nothing in loops; they go on.',
      samples: sample((sisters) => sisters.reduce((sum, { failures }) => sum + failures, 0)),
    },
    {
      type: 'gauge',
      name: `${prefix}_loop_last_turn_timestamp_seconds`,
      help: 'When a loop last finished a turn, in seconds since 1970; 0 before the first.',
      samples: sample((sisters) =>
        Math.max(0, ...sisters.map(({ lastTurnAt }) => (lastTurnAt === null ? 0 : Date.parse(lastTurnAt) / 1000))),
      ),
    },
  ];
}
