import { join } from 'node:path';
import type { Gap } from '../../../protocol/attempt-result.ts';
import { isNoSpace } from '../../../runtime/is-no-space.ts';
import { sleep } from '../../../runtime/sleep.ts';
import type { ExecutionTarget } from '../execution.ts';
import type { JobContext } from './job-context.ts';
import { type JobRecord, type LogPosition, logPositionFile } from './job-record.ts';
import { keepLogPosition } from './keep-log-position.ts';
import { LogBeginning } from './log-beginning.ts';
import { LogCopy } from './log-copy.ts';
import { LogDoubts } from './log-doubts.ts';
import { followLog, type LogEnd } from './log-follower.ts';
import { toLogGaps } from './log-gaps.ts';
import type { LogSubject } from './log-source.ts';
import type { PodView } from './pod-view.ts';
import { openRawStore } from './raw-store.ts';

/** The same while there is no line. */
const silentMs = 3000;
const earlierSlackSeconds = 2;
const noSpaceMs = 1000;
/** After so many, a disk that stays full has lost the rest. */
const noSpaceTries = 30;
/** The kubelet begins another file after 10 MiB, where nobody told it otherwise, and looks every ten seconds. */
const fileLook = { bytes: 1024 * 1024, ms: 4_000 };

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
  const { base, limitBytes, startedAt } = record;
  const positions = logPositionFile(fileSystem, target.folder);
  for (let tries = 0; ; tries += 1) {
    if (tries > 0) await sleep(clock, noSpaceMs, signal);
    if (signal.aborted) return null;
    await using store = await openRawStore({ fileSystem, path: join(target.folder, 'raw'), base, limitBytes });
    const position = toSurePosition(await positions.read());
    const doubts = new LogDoubts(position?.doubts ?? null, store.length);
    const copy = new LogCopy({ store, doubts, position });
    const earlier = position?.beginning ?? null;
    const beginning = new LogBeginning({ startedAt, earlier, isSettled: copy.length > 0 });
    const keeper = keepLogPosition({ file: positions, copy, beginning, doubts, clock });
    const flush = async () => {
      await keeper.beforeLines();
      await store.flush();
    };
    const toGaps = (end: LogEnd) =>
      toLogGaps({
        end,
        doubts: doubts.list(store.stored),
        isBeginningMissed: beginning.isMissed,
        base,
        stored: store.stored,
        dropped: store.dropped,
      });
    const over = new AbortController();
    const keeping = keepSilence(
      { clock, beginning, subject, isSilent: () => copy.length === 0, keepPosition: () => keeper.now() },
      over.signal,
    );
    try {
      const end = await followLog({
        copy,
        doubts,
        beginning,
        fileLook,
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
      await flush();
      if (end === null) return null;
      if (end.type === 'unproved')
        logger.info({ attempt: target.attempt, why: end.why }, 'log cannot be proved to be whole');
      return toGaps(end);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      logger.warn({ attempt: target.attempt }, 'no room for the log of a pod');
      if (tries < noSpaceTries) continue;
      const isDoubted = beginning.isMissed || doubts.list(store.stored).length > 0;
      const told = isDoubted ? toGaps({ type: 'unproved', why: 'the disk is full', hasEnd: true }) : [];
      return [...told, { at: base + store.stored, bytes: null, why: 'spool-full' }];
    } finally {
      over.abort('over');
      await keeping;
    }
  }
}

/** What is missing of a log that an earlier agent copied, or none did, and that nobody can ask for any more. */
export async function findLeftGaps(
  { fileSystem }: JobContext,
  { target, record }: { readonly target: ExecutionTarget; readonly record: JobRecord },
): Promise<readonly Gap[]> {
  const { base, limitBytes } = record;
  await using store = await openRawStore({ fileSystem, path: join(target.folder, 'raw'), base, limitBytes });
  const position = await logPositionFile(fileSystem, target.folder).read();
  const { stored, dropped } = store;
  const doubts = new LogDoubts(position?.doubts ?? null, stored);
  if (stored >= fileLook.bytes) doubts.fileLost();
  return toLogGaps({
    end: { type: 'unproved', why: 'its pod is gone', hasEnd: false },
    doubts: doubts.list(stored),
    isBeginningMissed: position?.beginning?.isMissed ?? false,
    base,
    stored,
    dropped,
  });
}

/** An earlier version wrote it down after the lines of the next seconds. */
function toSurePosition(position: LogPosition | null): LogPosition | null {
  if (position === null || position.doubts !== undefined || position.lastTime === null) return position;
  const { second, nanos } = position.lastTime;
  return { ...position, lastTime: { second: second + earlierSlackSeconds, nanos } };
}

/** Until there is a line: an agent that comes after this one may know until when there was none. */
async function keepSilence(
  options: {
    readonly clock: JobContext['clock'];
    readonly beginning: LogBeginning;
    readonly subject: LogSubject;
    readonly isSilent: () => boolean;
    readonly keepPosition: () => Promise<void>;
  },
  over: AbortSignal,
): Promise<void> {
  const { clock, beginning, subject, isSilent, keepPosition } = options;
  while (isSilent()) {
    await sleep(clock, silentMs, over);
    if (over.aborted || !isSilent()) return;
    beginning.silent(clock.now(), subject.endedAt());
    // What cannot be kept is only known to be less.
    await keepPosition().catch(() => {});
  }
}
