import type { Clock } from '../../../runtime/clock.ts';
import { sleep } from '../../../runtime/sleep.ts';
import type { LogCopy } from './log-copy.ts';
import type { LogDoubts } from './log-doubts.ts';
import type { OpenLog } from './log-source.ts';
import { readLogFile } from './read-log-file.ts';

/** How often it is looked whether the kubelet has begun another file, and for how many bytes that nobody is sure of: a smaller file is not put aside. */
export interface FileLook {
  readonly bytes: number;
  readonly ms: number;
}

/** A look takes no longer. */
const lookMs = 5_000;
/** The time of a line and more. */
const lookBytes = 64;

/** While the log grows. Never rejects. */
export async function lookAtLogFile(
  options: {
    readonly copy: LogCopy;
    readonly doubts: LogDoubts;
    readonly openLog: OpenLog;
    readonly clock: Clock;
    readonly fileLook: FileLook;
  },
  until: AbortSignal,
): Promise<void> {
  const { copy, doubts, clock, fileLook } = options;
  while (!until.aborted) {
    await sleep(clock, fileLook.ms, until);
    const { length } = copy;
    if (until.aborted || length - doubts.sureUntil < fileLook.bytes) continue;
    const seen = await readLogFile(options, { limitBytes: lookBytes, until, boundMs: lookMs });
    if (seen !== null) doubts.fileSeen(seen.first, length);
  }
}
