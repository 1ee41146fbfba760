import { join } from 'node:path';
import type { Gap } from '../../../protocol/attempt-result.ts';
import { isNoSpace } from '../../../runtime/is-no-space.ts';
import { sleep } from '../../../runtime/sleep.ts';
import type { ExecutionTarget } from '../execution.ts';
import type { JobContext } from './job-context.ts';
import { type JobRecord, logPositionFile } from './job-record.ts';
import { LogCopy } from './log-copy.ts';
import { followLog, type LogEnd, type LogSubject } from './log-follower.ts';
import type { PodView } from './pod-view.ts';
import { openRawStore } from './raw-store.ts';

/** How often it is written down how far the log was read. */
const positionMs = 1000;
const noSpaceMs = 1000;
/** After so many, a disk that stays full has lost the rest. */
const noSpaceTries = 30;
/** A result may tell of a thousand; nobody reads so many. */
const maxBreaks = 100;

/**
 * Copies the log of an attempt's container into `raw`, to its end; null when the executor was disposed of first. Resolves with what is
 * missing, with offsets in `raw`: what could not be proved to be whole is.
 */
export async function copyJobLog(
  context: JobContext,
  options: {
    readonly target: ExecutionTarget;
    readonly record: JobRecord;
    readonly pod: () => PodView | null;
    readonly subject: LogSubject;
  },
): Promise<readonly Gap[] | null> {
  const { fileSystem, clock, logger, calls, limits, signal } = context;
  const { target, record, subject } = options;
  const { base, limitBytes } = record;
  const positions = logPositionFile(fileSystem, target.folder);
  const breaks = new Set<number>();
  for (let tries = 0; ; tries += 1) {
    await using store = await openRawStore({ fileSystem, path: join(target.folder, 'raw'), base, limitBytes });
    const onBreak = (offset: number) => void (breaks.size < maxBreaks && breaks.add(offset));
    const copy = new LogCopy({ store, onBreak, position: await positions.read() });
    let writtenAt = clock.monotonic();
    const flush = async () => {
      await store.flush();
      const { position } = copy;
      if (position === null || clock.monotonic() - writtenAt < positionMs) return;
      writtenAt = clock.monotonic();
      await positions.put(position);
    };
    try {
      const end = await followLog({
        copy,
        openLog: async (asked) => {
          const pod = options.pod();
          return pod === null ? { type: 'not-yet' } : calls.openLog(pod, asked);
        },
        subject,
        clock,
        flush,
        giveUpMs: limits.logMs,
        signal,
      });
      await store.flush();
      if (end === null) return null;
      if (end.type === 'unproved')
        logger.info({ attempt: target.attempt, why: end.why }, 'log cannot be proved to be whole');
      return toGaps({
        end,
        breaks,
        base,
        stored: Math.min(store.length, limitBytes ?? Infinity),
        dropped: store.dropped,
      });
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      logger.warn({ attempt: target.attempt }, 'no room for the log of a pod');
      if (tries >= noSpaceTries) return [{ at: base + store.length, bytes: null, why: 'spool-full' }];
    }
    await sleep(clock, noSpaceMs, signal);
    if (signal.aborted) return null;
  }
}

function toGaps(found: {
  readonly end: LogEnd;
  readonly breaks: ReadonlySet<number>;
  readonly base: number;
  readonly stored: number;
  readonly dropped: number;
}): Gap[] {
  const { end, breaks, base, stored, dropped } = found;
  // Everything was compared with the whole log in the end: whatever looked like a break was none.
  const places = end.type === 'whole' ? [] : [...new Set([...breaks, stored])].filter((at) => at <= stored);
  const gaps: Gap[] = places
    .toSorted((one, other) => one - other)
    .map((at) => ({ at: base + at, bytes: null, why: 'output-lost' }));
  return dropped > 0 ? [...gaps, { at: base + stored, bytes: dropped, why: 'log-limit' }] : gaps;
}
