import { sleep } from '../../runtime/sleep.ts';
import type { Execution } from '../executors/execution.ts';
import { NotNow } from '../executors/not-now.ts';
import type { AttemptCore } from './attempt-core.ts';
import type { ClaimRecord, DocumentRecord, IntentCause } from './attempt-records.ts';
import { takeFence } from './attempt-recovery.ts';
import { ExecutionWatch } from './execution-watch.ts';
import { executorOf } from './executor-of.ts';
import { jobFiles } from './job-files.ts';
import { toPastTime } from './past-time.ts';
import { toRetryMs } from './retry-time.ts';

/** A command that runs, and what its attempt holds beside it. */
export interface RunningCommand {
  readonly claim: ClaimRecord;
  readonly record: DocumentRecord;
  readonly execution: Execution;
  /** Null where nobody saw it start yet. */
  readonly startedAt: number | null;
}

/** An attempt while its command runs: `running` until its wrapper ended (`clearing`), or has to be stopped (`stopping`). */
export class AttemptCommand {
  readonly #core: AttemptCore;
  readonly #onCleared: (escaped: number) => Promise<void>;
  #watch: ExecutionWatch | null = null;
  #isCancelAsked = false;
  #spoolWasFull = false;

  /** `onCleared` is a step: nothing of the command is alive but what escaped. */
  constructor(core: AttemptCore, onCleared: (escaped: number) => Promise<void>) {
    this.#core = core;
    this.#onCleared = onCleared;
  }

  /** It must not be started any more. */
  get isCancelAsked(): boolean {
    return this.#isCancelAsked;
  }

  /** The disk was found full while it ran. */
  get spoolWasFull(): boolean {
    return this.#spoolWasFull;
  }

  /** From the spawn on, or the adoption. */
  begin(command: RunningCommand): void {
    this.#core.setState({ ...command, type: 'running' });
    this.#watchExecution(command);
  }

  /** An earlier agent had begun to stop it: the intent is durable. */
  goOnStopping(command: RunningCommand, intent: IntentCause): void {
    this.#core.setState({ ...command, type: 'stopping', intent });
    this.endTree(command.execution, this.#graceMs(command.record));
  }

  cancel(): void {
    this.#isCancelAsked = true;
    void this.#core.post('cancel', () => this.stop('cancelled'));
  }

  /**
   * A step: stops a running command, the intent on the disk, then signals. A valid exit record stands against it, and so does an
   * earlier intent. Where it is not known to have begun, the fence decides whether it ever will. During the `before` hook the
   * intent keeps it from being launched.
   */
  async stop(cause: IntentCause): Promise<void> {
    const { context, folder, hook, state } = this.#core;
    if (state.type === 'preparing' && state.intent === null) {
      await this.#writeIntent(cause);
      this.#core.setState({ ...state, intent: cause });
      hook.stop();
    }
    if (state.type !== 'running') return;
    if ((await executorOf(context, state.record).readEnd(folder.target)) !== null) return;
    if (state.startedAt === null) await takeFence(context, folder, state.record);
    await this.#writeIntent(cause);
    this.goOnStopping(state, cause);
  }

  /** Ends what is alive of the tree, in the background: the mailbox goes on meanwhile. */
  endTree(execution: Execution, graceMs: number): void {
    const { clock, limits } = this.#core.context;
    const end = async (): Promise<void> => {
      const escaped = await this.#clear(execution, { graceMs, boundMs: graceMs + limits.boundMs });
      if (escaped === null) return;
      // Nothing of it is alive, so its end is near; a wrapper that the kernel does not let go of is not waited for.
      await Promise.race([execution.ended, sleep(clock, limits.boundMs, this.#core.leaving)]);
      void this.#core.post('cleared', () => this.#onCleared(escaped));
    };
    void end();
  }

  /** As often as it takes where a platform cannot be asked; null when the attempt was left meanwhile. */
  async #clear(
    execution: Execution,
    bounds: { readonly graceMs: number; readonly boundMs: number },
  ): Promise<number | null> {
    const { context, leaving, logger } = this.#core;
    const { clock, limits } = context;
    for (let tries = 0; ; tries += 1) {
      try {
        return (await execution.clear(bounds)).escaped;
      } catch (err) {
        if (!(err instanceof NotNow)) throw err;
        logger.warn({ err }, 'command cannot be ended yet');
        await sleep(clock, toRetryMs(limits.retryMs, err, tries), leaving);
        if (leaving.aborted) return null;
      }
    }
  }

  /** Nobody wants its end any more: resolves when nothing of it is alive, or the bound is over. */
  async abandon({ execution, record }: Pick<RunningCommand, 'execution' | 'record'>): Promise<void> {
    await execution.clear({ graceMs: this.#graceMs(record), boundMs: this.#core.context.limits.boundMs });
  }

  /** Its output, or a hook's, may have grown, and it may have said how far it is. Never rejects. */
  async look(record: DocumentRecord): Promise<void> {
    const { logger } = this.#core;
    await this.#lookAtRaw(record).catch((err: unknown) => logger.warn({ err }, 'output cannot be looked at'));
    await this.#lookAtProgress(record).catch((err: unknown) => logger.warn({ err }, 'progress cannot be looked at'));
  }

  /** Nobody is told of it any more. */
  stopWatching(): void {
    this.#watch?.stop();
  }

  /** Resolves when nothing of it is looked at, once the watching was stopped. */
  async unwatched(): Promise<void> {
    await this.#watch?.stopped;
  }

  #watchExecution({ execution, record, startedAt }: RunningCommand): void {
    const { context, folder, stream } = this.#core;
    const { clock, watchFolder, limits } = context;
    const { logOver, logLimitBytes } = record.terms;
    // The runner looks at its time and its output itself.
    const isHere = record.handedOver !== true;
    const timeoutMs = isHere ? record.terms.timeoutMs : null;
    stream.bound(logOver === 'gap' ? logLimitBytes : null);
    const { waitsForPlace } = executorOf(context, record).kind.capabilities;
    const usedMs = execution.ranMs ?? (startedAt === null ? 0 : Math.max(0, clock.now() - startedAt));
    this.#watch = new ExecutionWatch({
      execution,
      clock,
      folder: folder.path,
      watchFolder,
      pollMs: limits.pollMs,
      timeoutMs: timeoutMs === null ? null : Math.max(0, timeoutMs - usedMs),
      timeoutFrom: waitsForPlace && startedAt === null ? 'start' : 'now',
      look: () => (isHere ? this.look(record) : Promise.resolve()),
      onStarted: (at) => void this.#core.post('started', () => this.#started(at)),
      onTimeout: () => void this.#core.post('timeout', () => this.stop('timeout')),
      onEnded: () => void this.#core.post('ended', () => this.#executionEnded()),
    });
  }

  async #started(at: number): Promise<void> {
    const { state, context } = this.#core;
    if (state.type === 'running' && state.startedAt === null)
      this.#core.setState({ ...state, startedAt: toPastTime(at, context.clock.now()) });
  }

  async #executionEnded(): Promise<void> {
    const { state, context } = this.#core;
    if (state.type !== 'running') return;
    const { claim, record, startedAt, execution } = state;
    this.#core.setState({ type: 'clearing', claim, record, startedAt });
    this.endTree(execution, context.limits.leftoverGraceMs);
  }

  async #lookAtProgress({ terms }: DocumentRecord): Promise<void> {
    const { context, progress, stream } = this.#core;
    const { maskText } = stream;
    if (maskText === null) return;
    const { folder, user } = jobFiles(this.#core.folder, terms.user);
    progress.open({ fs: context.fs, folder, owner: user?.uid ?? null });
    await progress.look(maskText);
  }

  async #lookAtRaw({ terms }: DocumentRecord): Promise<void> {
    const { id, context, stream } = this.#core;
    const { spool } = context;
    const size = await stream.look();
    if (size === null) return;
    spool.note(id, size);
    this.#core.ring();
    if (terms.logOver === 'fail' && size > (terms.logLimitBytes ?? Infinity)) this.#postStop('log-limit');
    this.#spoolWasFull ||= spool.isNearlyFull();
    if (this.#spoolWasFull || spool.isOverBound) this.#postStop('spool-full');
  }

  #postStop(cause: IntentCause): void {
    const { type } = this.#core.state;
    if (type === 'running' || type === 'preparing') void this.#core.post(cause, () => this.stop(cause));
  }

  #writeIntent(cause: IntentCause): Promise<void> {
    const { context, folder } = this.#core;
    const at = new Date(context.clock.now()).toISOString();
    return context.spool.withReserve(() => folder.intent.write({ cause, at }));
  }

  #graceMs(record: DocumentRecord): number {
    return record.terms.graceMs ?? this.#core.context.limits.graceMs;
  }
}
