import type { Clock } from '../../../runtime/clock.ts';
import type { RecordFile } from '../../record-file.ts';
import type { LogPosition } from './job-record.ts';
import type { LogBeginning } from './log-beginning.ts';
import type { LogCopy } from './log-copy.ts';
import type { LogDoubts } from './log-doubts.ts';

/** How often at least it is written down how far the log was read, while it is. */
const positionMs = 1000;
/** A log that is so old is read as fast as it comes, hours of it in a second. */
const oldSeconds = 60;
/** Then the position speaks for that much more at once. */
const aheadSeconds = 10;

/** Writes down what an agent that comes after this one has to know of a log. */
export interface PositionKeeper {
  /** To be called before lines are stored: whoever comes after must not take them for later ones than the last. */
  beforeLines(): Promise<void>;
  now(): Promise<void>;
}

export function keepLogPosition(options: {
  readonly file: RecordFile<LogPosition>;
  readonly copy: LogCopy;
  readonly beginning: LogBeginning;
  readonly doubts: LogDoubts;
  readonly clock: Clock;
}): PositionKeeper {
  const { file, copy, beginning, doubts, clock } = options;
  let bound: number | null = null;
  let kept = { at: clock.monotonic(), notes: doubts.notes };
  let putting: Promise<void> = Promise.resolve();

  /** One after another, for two would take each other's file away. What is known then is put. */
  function now(): Promise<void> {
    const put = putting.then(() => {
      kept = { at: clock.monotonic(), notes: doubts.notes };
      const { lastTime, ...position } = copy.position;
      const last =
        lastTime === null || bound === null ? lastTime : { ...lastTime, second: Math.max(bound, lastTime.second) };
      return file.put({ ...position, lastTime: last, beginning: beginning.seen, doubts: doubts.seen });
    });
    putting = put.catch(() => {});
    return put;
  }

  return {
    now,
    async beforeLines() {
      const second = copy.lastSecond;
      const isBeyond = second !== null && (bound === null || second > bound);
      const isDue = clock.monotonic() - kept.at >= positionMs || doubts.notes !== kept.notes;
      if (!isBeyond && !isDue) return;
      const isOld = second !== null && clock.now() / 1000 - second > oldSeconds;
      if (isBeyond) bound = second + (isOld ? aheadSeconds : 0);
      await now();
    },
  };
}
