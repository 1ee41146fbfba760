import type { Timer } from '../../runtime/clock.ts';
import { startAfter } from './after-hook.ts';
import type { AttemptCommand } from './attempt-command.ts';
import type { AttemptCore } from './attempt-core.ts';
import type { AfterRecord, ClaimRecord, DocumentRecord } from './attempt-records.ts';
import { recoverFolder } from './attempt-recovery.ts';
import { findOutputs, sealAttempt, toUnbornResult, writeResult } from './attempt-seal.ts';
import type { AttemptEnd, AttemptState } from './attempt-state.ts';
import { type Ending, isUnborn, type OutputsFound, wasBorn, withinLimit } from './ending.ts';
import { describeHookEnd } from './hook-run.ts';

/**
 * A result that the hub has not accepted by then is made durable here. One that it accepts sooner is on the hub's disk, and its folder
 * goes: a flush before it is sent would only delay it.
 */
const resultFlushMs = 100;

/**
 * An attempt from the end of its command's part to its result: `cleaning` where there is an `after` hook, `sealing`, `holding`. Each
 * method but `leave` and `dropFlush` is a step, or part of one.
 */
export class AttemptEnding {
  readonly #core: AttemptCore;
  readonly #command: AttemptCommand;
  readonly #onFolderGone: () => Promise<void>;
  #resultFlush: Timer | null = null;

  constructor(core: AttemptCore, command: AttemptCommand, onFolderGone: () => Promise<void>) {
    this.#core = core;
    this.#command = command;
    this.#onFolderGone = onFolderGone;
  }

  /** Nothing of the command is alive but what escaped: the folder says how it ended. */
  async cleared(escaped: number): Promise<void> {
    const { state, context, folder, logger } = this.#core;
    if (state.type !== 'stopping' && state.type !== 'clearing') return;
    if (!(await folder.isThere())) return this.#onFolderGone();
    const { claim, record } = state;
    const found = await recoverFolder(context, folder, state);
    if (found.type !== 'finished') return logger.error({ found: found.type }, 'expected an end, found none');
    const startedAt = state.startedAt ?? found.startedAt;
    const { ending, recordedAt } = found;
    await this.settle({ claim, record, startedAt, ending, recordedAt, escaped, sameBoot: true });
  }

  /**
   * The command's part is over: how long its log is, how it ended, and who comes next. `marker`: an earlier agent was as far as
   * its `after` hook. Of an end that was watched there is none: one that lies in the folder is the command's doing.
   */
  async settle(end: AttemptEnd, marker: AfterRecord | null = null): Promise<void> {
    const { folder, stream } = this.#core;
    this.#command.stopWatching();
    await this.#command.unwatched();
    const { logOver, logLimitBytes, after } = end.record.terms;
    // A limited log ends within a block of its limit, and what the hook prints comes behind the limit.
    const cuts = logOver === 'gap' && logLimitBytes !== null && marker === null && !isUnborn(end.ending);
    if (cuts) await folder.cutRaw(logLimitBytes);
    stream.bound(null);
    const commandBytes = marker?.rawBytes ?? (await folder.rawSize());
    const ending = logOver === 'fail' ? withinLimit(end.ending, commandBytes, logLimitBytes) : end.ending;
    const settled = { ...end, ending, commandBytes, marker };
    if (after === null || !wasBorn(ending)) return this.#beginSealing(settled, { outputs: null, note: null });
    this.#core.setState({ ...settled, type: 'cleaning' });
    void this.#core.post('after', () => this.goOn());
  }

  /** Nothing was started and nothing printed: there is nothing to seal. */
  async endUnborn(claim: ClaimRecord, record: DocumentRecord | null, ending: Ending): Promise<void> {
    const { context, folder } = this.#core;
    const held = await writeResult(context, folder, toUnbornResult(ending, context.clock.now()));
    this.#hold({ type: 'holding', claim, record, held });
  }

  /** Does what may have waited for the secrets: they are known, or gone. */
  async goOn(): Promise<void> {
    if (this.#core.state.type === 'cleaning') return this.#clean(this.#core.state);
    if (this.#core.state.type === 'sealing') return this.#seal(this.#core.state);
  }

  /** Makes the result durable: there may be no next agent before the machine loses its power. Never rejects. */
  async leave(): Promise<void> {
    if (this.#resultFlush === null) return;
    this.#resultFlush.cancel();
    await this.#flushResult().catch((err: unknown) => this.#core.logger.warn({ err }, 'result cannot be made durable'));
  }

  /** The folder goes: its result need not be durable any more. */
  dropFlush(): void {
    this.#resultFlush?.cancel();
  }

  async #clean(state: Extract<AttemptState, { type: 'cleaning' }>): Promise<void> {
    const { context, folder, hook, stream } = this.#core;
    const secrets = stream.sealing;
    if (!hook.isFree || secrets === null) return;
    const outputs = await findOutputs(context, folder, state, secrets);
    const look = () => this.#command.look(state.record);
    const started = await startAfter(context, { folder, state, secrets, outputs, look });
    if (started.type === 'skipped') return this.#beginSealing(state, { outputs, note: started.why });
    const { run, timeoutMs } = started;
    hook.hold(run, (end) => {
      void this.#core.post('after ended', async () => {
        if (this.#core.state.type !== 'cleaning') return;
        hook.free();
        const note = describeHookEnd('after', end, timeoutMs);
        await this.#beginSealing({ ...state, escaped: state.escaped + end.escaped }, { outputs, note });
      });
    });
  }

  async #beginSealing(
    end: AttemptEnd & { readonly commandBytes: number },
    found: { readonly outputs: OutputsFound | null; readonly note: string | null },
  ): Promise<void> {
    const { id, context, folder, stream } = this.#core;
    const rawBytes = await folder.rawSize();
    if (isUnborn(end.ending) && rawBytes === 0) return this.endUnborn(end.claim, end.record, end.ending);
    context.spool.note(id, rawBytes);
    stream.freeze(rawBytes);
    const endedAt = end.recordedAt ?? context.clock.now();
    const { spoolWasFull } = this.#command;
    this.#core.setState({ ...end, ...found, type: 'sealing', rawBytes, endedAt, spoolWasFull });
    // A step of its own, so that what came before it is not done again when it fails.
    void this.#core.post('seal', () => this.goOn());
  }

  async #seal(state: Extract<AttemptState, { type: 'sealing' }>): Promise<void> {
    const { context, folder, stream } = this.#core;
    const secrets = stream.sealing;
    if (secrets === null) return;
    const held = await sealAttempt(context, { folder, state, secrets });
    this.#hold({ type: 'holding', claim: state.claim, record: state.record, held });
  }

  #hold(state: Extract<AttemptState, { type: 'holding' }>): void {
    this.#core.setState(state);
    const flush = () => void this.#core.post('flush', () => this.#flushResult());
    this.#resultFlush = this.#core.context.clock.schedule(resultFlushMs, flush, { background: true });
  }

  async #flushResult(): Promise<void> {
    const { state, context, folder } = this.#core;
    if (state.type === 'holding') await context.spool.withReserve(() => folder.result.flush(state.held));
    this.#resultFlush = null;
  }
}
