import type { Execution } from '../executors/execution.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { AttemptFolder } from './attempt-folder.ts';
import type { DocumentRecord, IntentCause, ResultRecord } from './attempt-records.ts';
import { type Ending, isUnborn } from './ending.ts';
import { executorOf } from './executor-of.ts';
import { isOfThisBoot } from './is-of-this-boot.ts';
import { toPastTime } from './past-time.ts';
import { type Found, recoverAttempt } from './recover-attempt.ts';

/** Where an attempt stands after its folder was read, and what could be done at once was done. */
export type Recovered =
  | { readonly type: 'delete' }
  | { readonly type: 'claimed' }
  | { readonly type: 'holding'; readonly record: DocumentRecord | null; readonly held: ResultRecord }
  | {
      readonly type: 'running';
      readonly record: DocumentRecord;
      readonly execution: Execution;
      readonly startedAt: number | null;
      readonly intent: IntentCause | null;
    }
  | {
      readonly type: 'finished';
      readonly record: DocumentRecord;
      readonly startedAt: number | null;
      readonly ending: Ending;
      /** When its end was written down; null where nobody did. */
      readonly recordedAt: number | null;
    };

/** An execution that the caller watched to its end: nothing of it is alive. */
export interface WatchedEnd {
  readonly record: DocumentRecord;
  /** Null where nobody saw it start. */
  readonly startedAt: number | null;
}

async function look(
  context: AttemptContext,
  folder: AttemptFolder,
  { document, watched }: { readonly document: DocumentRecord | null; readonly watched: WatchedEnd | null },
): Promise<Found> {
  const { tombstones } = context;
  const executor = executorOf(context, document);
  const said = await executor.inspect(folder.target);
  const hasStarted = (watched?.startedAt ?? null) !== null || (await hasPrinted(context, folder));
  // The fence lies in the command's reach: one that denies what was seen is not believed, or it would run again.
  const fence = hasStarted && said.type !== 'started' ? ({ type: 'unreadable', at: null } as const) : said;
  return {
    // Who watched has written neither: these are the command's doing.
    tombstone: watched === null && (await tombstones.has(folder.attempt)),
    result: watched === null ? await folder.result.read() : null,
    document: document === null ? 'none' : isOfThisBoot(context, document) ? 'this-boot' : 'another-boot',
    intent: (await folder.intent.read())?.cause ?? null,
    fence,
    end: await executor.readEnd(folder.target),
  };
}

/** Only a command prints into `raw`, unless there was a hook before it. */
async function hasPrinted({ fs }: AttemptContext, folder: AttemptFolder): Promise<boolean> {
  return (await folder.rawSize()) > 0 && (await fs.lstat(folder.hookTarget('before').folder)) === null;
}

/** Takes the fence, or finds it taken: either way somebody has it afterwards. */
export async function takeFence(context: AttemptContext, folder: AttemptFolder, record: DocumentRecord): Promise<void> {
  await context.spool.withReserve(async () => {
    await executorOf(context, record).takeFence(folder.target);
  });
}

function toPast(context: AttemptContext, at: number | null): number | null {
  return at === null ? null : toPastTime(at, context.clock.now());
}

/**
 * Walks the table of `docs/attempts.md` §4 for one folder. An agent that has just started has `watched` nothing: it reads the
 * document, and adopts what it finds alive.
 */
export async function recoverFolder(
  context: AttemptContext,
  folder: AttemptFolder,
  watched: WatchedEnd | null = null,
): Promise<Recovered> {
  const record = watched?.record ?? (await folder.document.read());
  let nothingAlive = watched !== null;
  for (;;) {
    const found = await look(context, folder, { document: record, watched });
    // The `after` hook begins when nothing of the command is alive: what carries the attempt's id now is the hook. A wrapper that
    // lives says that the command wrote the marker itself.
    const isLiving = found.fence.type === 'started' && found.fence.alive;
    nothingAlive ||= !isLiving && (await folder.after.read()) !== null;
    const recovery = recoverAttempt(found, nothingAlive);
    if (recovery.type === 'delete') return { type: 'delete' };
    if (recovery.type === 'deliver') return { type: 'holding', record, held: recovery.record };
    if (recovery.type === 'open-claimed' || record === null) return { type: 'claimed' };
    const startedAt = 'at' in found.fence ? toPast(context, found.fence.at) : null;
    if (recovery.type === 'finish') {
      const { ending } = recovery;
      const recordedAt = isUnborn(ending) ? null : toPast(context, found.end?.at ?? null);
      return { type: 'finished', record, startedAt, ending, recordedAt };
    }
    if (recovery.type === 'take-fence') {
      await takeFence(context, folder, record);
      continue;
    }
    const execution = await executorOf(context, record).adopt(folder.target);
    if (execution !== null) return { type: 'running', record, execution, startedAt, intent: found.intent };
    nothingAlive = true;
  }
}
