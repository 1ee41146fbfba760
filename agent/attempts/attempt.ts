import type { AttemptResult, Outcome } from '../../protocol/attempt-result.ts';
import type { JobDocument } from '../../protocol/job-document.ts';
import type { AttemptReport, Offer } from '../../protocol/offer.ts';
import type { Progress } from '../../protocol/progress.ts';
import type { JobFrame } from '../../protocol/session-frame.ts';
import { toTraceId } from '../../protocol/trace-context.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { Execution } from '../executors/executor.ts';
import { AttemptLines, type LinesSource } from '../job-log/attempt-lines.ts';
import type { JobLogSubject } from '../job-log/job-log-document.ts';
import { linePositionFile } from '../job-log/line-position.ts';
import { startAfter } from './after-hook.ts';
import type { AttemptContext } from './attempt-context.ts';
import { type AttemptFolder, attemptFolder } from './attempt-folder.ts';
import { AttemptProgress } from './attempt-progress.ts';
import type { AfterRecord, ClaimRecord, DocumentRecord, IntentCause } from './attempt-records.ts';
import { recoverFolder, takeFence } from './attempt-recovery.ts';
import { toAttemptReport, toOpenFacts } from './attempt-report.ts';
import { endedAtOf, findOutputs, sealAttempt, toUnbornResult, withSecretsGone, writeResult } from './attempt-seal.ts';
import { type StartOutcome, startAttempt } from './attempt-start.ts';
import { type AttemptEnd, type AttemptState, hasNoStream } from './attempt-state.ts';
import { AttemptStream } from './attempt-stream.ts';
import { findLeftBefore } from './before-hook.ts';
import { type Bell, createBell } from './bell.ts';
import { type Ending, isUnborn, type OutputsFound, wasBorn, withinLimit } from './ending.ts';
import { ExecutionWatch } from './execution-watch.ts';
import { describeHookEnd, type HookRun } from './hook-run.ts';
import { jobFiles } from './job-files.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';
import type { MaskedStream } from './masked-stream.ts';
import { toPastTime } from './past-time.ts';
import { runSessions } from './session-loop.ts';
import type { OpenFacts, SessionSubject } from './session-subject.ts';

/**
 * A result that the hub has not accepted by then is made durable here. One that it accepts sooner is on the hub's disk, and its folder
 * goes: a flush before it is sent would only delay it.
 */
const resultFlushMs = 100;

/** One try at a job, on this agent: from the claim to the freed folder. */
export interface Attempt {
  readonly id: string;
  readonly state: AttemptState;
  /** Since when it is in that state, by the clock that never goes back. */
  readonly since: number;
  /** What it is for; null while its folder was not read. */
  readonly automation: string | null;
  readonly job: string | null;
  /** What the control channel is told; null when there is nothing to tell. */
  readonly report: AttemptReport | null;
  /** Makes the claim durable; the session is dialled meanwhile. False when there was no room for it: then nothing is left of it. */
  claimOffer(offer: Offer, traceparent: string | null): Promise<boolean>;
  /** Reads what an earlier agent left, and goes on from there. Resolves when that is decided. */
  recover(): Promise<void>;
  /** The hub wants it cancelled. What that means depends on the moment: `docs/attempts.md` §5. */
  cancel(): void;
  /** Lets go of everything but the folder and the processes: another agent may take over. */
  leave(): Promise<void>;
  /** Resolves when the attempt is `gone`, or was left. */
  readonly ended: Promise<void>;
  /** It is `gone` because somebody deleted its folder: nobody can say any more how it ended. */
  readonly isLost: boolean;
  /** The hub has no such attempt, and nothing of it runs: it may wait so for ever. */
  readonly isForgotten: boolean;
}

export interface AttemptOptions {
  readonly id: string;
  readonly context: AttemptContext;
  /** Called after each change of the state. */
  readonly onChange: () => void;
  /** Called once, when the hub has accepted the result. `gaps`: in its log. */
  readonly onAccepted: (outcome: Outcome, gaps: number) => void;
}

/**
 * The actor of one attempt. Everything that reads or writes its folder is a step in its mailbox, one at a time, and may run
 * again if it failed. What happens elsewhere (a session's frame, a process that ends, a timer) only posts a step.
 */
class AttemptActor implements Attempt, SessionSubject, LinesSource {
  readonly id: string;
  readonly ended: Promise<void>;
  readonly news: Bell = createBell();
  readonly #context: AttemptContext;
  #logger: Logger;
  readonly #onChange: () => void;
  readonly #onAccepted: (outcome: Outcome, gaps: number) => void;
  readonly #folder: AttemptFolder;
  readonly #stream: AttemptStream;
  readonly #progress: AttemptProgress;
  /** Null where nobody wants the lines. */
  readonly #jobLines: AttemptLines | null;
  readonly #mailbox: Mailbox;
  readonly #leaving = new AbortController();
  readonly #finish: () => void;
  #state: AttemptState = { type: 'found' };
  #since: number;
  #purpose: { readonly job: string; readonly automation: string; readonly traceId: string | null } | null = null;
  #document: JobDocument | null = null;
  #sessions: Promise<void> = Promise.resolve();
  #watch: ExecutionWatch | null = null;
  #hook: HookRun | null = null;
  #resultFlush: Timer | null = null;
  #cancelAsked = false;
  #spoolWasFull = false;
  #isLost = false;
  #isAccepted = false;
  #isUnknown = false;

  constructor({ id, context, onChange, onAccepted }: AttemptOptions) {
    this.id = id;
    this.#context = context;
    this.#since = context.clock.monotonic();
    this.#onChange = onChange;
    this.#onAccepted = onAccepted;
    this.#logger = context.logger.child({ attempt: id });
    this.#folder = attemptFolder(context.fs, context.folder.attempts, id);
    const { clock, limits } = context;
    this.#progress = new AttemptProgress({ clock, logger: this.#logger, onNews: () => this.news.ring() });
    this.#stream = new AttemptStream(this.#folder, clock, (offset, bytes) => this.#progress.feed(offset, bytes));
    this.#mailbox = createMailbox({ clock, logger: this.#logger, retryMs: limits.retryMs });
    this.#jobLines =
      context.jobLog === null
        ? null
        : new AttemptLines({
            attempt: id,
            source: this,
            log: context.jobLog,
            position: linePositionFile(context.fs, this.#folder.path),
            clock,
            logger: this.#logger,
          });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#finish = resolve;
  }

  get attempt(): string {
    return this.id;
  }

  get state(): AttemptState {
    return this.#state;
  }

  get since(): number {
    return this.#since;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  get isForgotten(): boolean {
    const waits = this.#state.type === 'claimed' || this.#state.type === 'cleaning' || this.#state.type === 'sealing';
    return this.#isUnknown && waits && this.#hook === null;
  }

  get automation(): string | null {
    return this.#purpose?.automation ?? null;
  }

  get job(): string | null {
    return this.#purpose?.job ?? null;
  }

  get report(): AttemptReport | null {
    return toAttemptReport(this.#state, this.#stream.rawBytes);
  }

  get stream(): MaskedStream | null {
    return this.#state.type === 'holding' && hasNoStream(this.#state.held) ? null : this.#stream.stream;
  }

  get progress(): Progress | null {
    return this.#progress.newest;
  }

  get result(): AttemptResult | null {
    if (this.#state.type !== 'holding') return null;
    const { result } = this.#state.held;
    if (hasNoStream(this.#state.held) || this.#stream.stream !== null) return result;
    return this.#stream.goneAt === null ? null : withSecretsGone(result, this.#stream.goneAt);
  }

  get subject(): JobLogSubject | null {
    if (this.#purpose === null) return null;
    const { number = null, account = null } = this.#document ?? {};
    return { ...this.#purpose, attempt: this.id, number, account, agent: this.#context.agent().name };
  }

  get lines(): MaskedStream | null {
    return this.stream === null ? null : this.#stream.lines;
  }

  get hasNoLines(): boolean {
    if (this.#state.type === 'holding' && hasNoStream(this.#state.held)) return true;
    return this.#stream.stream === null && this.#stream.goneAt !== null;
  }

  get rawBytes(): number {
    return this.#stream.rawBytes;
  }

  async claimOffer(offer: Offer, traceparent: string | null): Promise<boolean> {
    this.#learnPurpose({ ...offer, traceparent });
    const claimed = this.#post('claim', () => this.#claim(offer, traceparent));
    this.#openSessions();
    await claimed;
    return this.#state.type !== 'found' && this.#state.type !== 'gone';
  }

  async recover(): Promise<void> {
    await this.#post('recover', () => this.#recover());
    this.#openSessions();
  }

  cancel(): void {
    this.#cancelAsked = true;
    void this.#post('cancel', () => this.#stop('cancelled'));
  }

  async describe(): Promise<OpenFacts | null> {
    let facts: OpenFacts | null = null;
    await this.#post('describe', async () => {
      facts = toOpenFacts(this.#state, this.#stream);
    });
    return facts;
  }

  forgotten(): void {
    this.#isUnknown = true;
    this.#onChange();
  }

  receive(frame: JobFrame): Promise<void> {
    this.#isUnknown = false;
    return this.#post('job', () => this.#receive(frame));
  }

  async leave(): Promise<void> {
    this.#leaving.abort('left');
    // The step at work may be the one that begins the watch.
    await this.#mailbox.close();
    this.#watch?.stop();
    await Promise.all([this.#sessions, this.#watch?.stopped, this.#hook?.leave(), this.#jobLines?.stop()]);
    await this.#leaveResult();
    await this.#stream.close();
    this.#finish();
  }

  /** A step that cannot be done because somebody deleted the folder is not tried again: what was in it does not come back. */
  #post(name: string, step: () => Promise<void>): Promise<void> {
    return this.#mailbox.post(name, async () => {
      try {
        await step();
      } catch (error) {
        if (this.#state.type === 'found' || this.#state.type === 'gone' || (await this.#folder.isThere())) throw error;
        await this.#lose();
      }
    });
  }

  /** Those who read the stream, or wait for the result, look again. */
  #ring(): void {
    this.news.ring();
    this.#jobLines?.changed();
  }

  #setState(state: AttemptState): void {
    this.#logger.info({ from: this.#state.type, to: state.type }, 'attempt state changed');
    this.#since = this.#context.clock.monotonic();
    this.#state = state;
    this.#ring();
    this.#onChange();
  }

  // Beginning

  /** From here on the log of the attempt can be put beside that of its job, and of whatever else is part of its trace. */
  #learnPurpose(purpose: Pick<ClaimRecord, 'job' | 'automation' | 'traceparent'>): void {
    const { job, automation, traceparent } = purpose;
    const traceId = toTraceId(traceparent);
    this.#purpose = { job, automation, traceId };
    this.#logger = this.#context.logger.child({ attempt: this.id, job, automation, traceId });
  }

  async #claim(offer: Offer, traceparent: string | null): Promise<void> {
    if (this.#state.type !== 'found') return;
    const { clock, random } = this.#context;
    const claim: ClaimRecord = {
      attempt: this.id,
      folderId: random.uuid(),
      job: offer.job,
      automation: offer.automation,
      digest: offer.digest,
      claimedAt: new Date(clock.now()).toISOString(),
      traceparent,
    };
    try {
      await this.#folder.make(claim);
    } catch (err) {
      this.#logger.warn({ err }, 'claim cannot be written');
      // A step of its own: this one must not be taken again when that fails.
      void this.#post('free', () => this.#free());
      return;
    }
    this.#setState({ type: 'claimed', claim });
  }

  async #recover(): Promise<void> {
    const claim = await this.#folder.claim.read();
    if (claim === null) return this.#free();
    this.#learnPurpose(claim);
    const recovered = await recoverFolder(this.#context, this.#folder);
    const found = 'record' in recovered ? recovered.record : null;
    this.#document = found?.document ?? null;
    // A machine that lost its power may have forgotten it elsewhere.
    if (found !== null && found.store !== null) this.#context.sessions.gate.heard(found.store);
    this.#logger.info({ recovered: recovered.type }, 'attempt recovered');
    switch (recovered.type) {
      case 'delete':
        return this.#free();
      case 'claimed':
        return this.#setState({ type: 'claimed', claim });
      case 'holding':
        this.#context.spool.note(this.id, recovered.held.rawBytes);
        this.#stream.freeze(recovered.held.rawBytes);
        this.#setState({ ...recovered, claim });
        return this.#stream.open(recovered.record);
      case 'running': {
        const { record, execution, startedAt, intent } = recovered;
        this.#stream.open(record);
        this.#setState({ type: 'running', claim, record, execution, startedAt });
        this.#watchExecution(execution, record, startedAt);
        if (intent === null) return;
        this.#setState({ type: 'stopping', claim, record, execution, startedAt, intent });
        return this.#endTree(execution, this.#graceMs(record));
      }
      case 'finished':
        return this.#recoverFinished(claim, recovered);
    }
  }

  /** Nothing will happen any more, but something may have been left running: what is found of it is ended first. */
  async #recoverFinished(
    claim: ClaimRecord,
    recovered: { readonly record: DocumentRecord; readonly startedAt: number | null; readonly ending: Ending },
  ): Promise<void> {
    const { limits, machineBootId } = this.#context;
    const { record, startedAt, ending } = recovered;
    this.#stream.open(record);
    const sameBoot = record.machineBootId === machineBootId;
    const marker = await this.#folder.after.read();
    const left = sameBoot && marker === null ? await this.#findLeft(ending) : null;
    if (left === null) return this.#settle({ claim, record, startedAt, ending, escaped: 0, sameBoot }, marker);
    this.#setState({ type: 'clearing', claim, record, startedAt });
    this.#endTree(left, limits.leftoverGraceMs);
  }

  async #findLeft(ending: Ending): Promise<Execution | null> {
    if (isUnborn(ending)) return findLeftBefore(this.#context, this.#folder);
    return this.#context.executor.adopt(this.#folder.target);
  }

  // What the hub says

  async #receive(frame: JobFrame): Promise<void> {
    const state = this.#state;
    this.#stream.learn(frame);
    if (state.type === 'found' || state.type === 'gone') return;
    if (state.type === 'claimed') return this.#receiveFirst(state.claim, frame);
    this.#stream.open(state.record);
    if (frame.desired === 'cancel') await this.#stop('cancelled');
    if (state.type === 'cleaning') await this.#clean();
    if (state.type === 'sealing') await this.#seal();
    this.#ring();
  }

  /** The hub checked the folder's id, so its word decides: run this document, or never. */
  async #receiveFirst(claim: ClaimRecord, frame: JobFrame): Promise<void> {
    if (frame.desired === 'cancel' || this.#cancelAsked) {
      return this.#endUnborn(claim, null, { type: 'stopped-unborn', intent: 'cancelled' });
    }
    if (frame.document === null) return this.#logger.warn({}, 'expected a document, got a job without one');
    const { document } = frame;
    this.#document = document;
    const outcome = await startAttempt(this.#context, {
      folder: this.#folder,
      document,
      store: frame.store,
      secrets: this.#stream.secrets(),
      isCancelled: () => this.#cancelAsked,
      look: (record) => this.#look(record),
    });
    if (outcome.type === 'ended') return this.#endUnborn(claim, outcome.record, outcome.ending);
    this.#stream.open(outcome.record);
    if (outcome.type === 'running') return this.#beginRunning(claim, outcome);
    const { record, before, launch } = outcome;
    this.#hook = before.run;
    this.#setState({ type: 'preparing', claim, record, intent: null });
    void before.run.ended.then((end) => this.#post('before ended', () => this.#beforeEnded(before.judge(end), launch)));
  }

  #beginRunning(
    claim: ClaimRecord,
    { record, execution }: { readonly record: DocumentRecord; readonly execution: Execution },
  ): void {
    this.#setState({ type: 'running', claim, record, execution, startedAt: null });
    this.#watchExecution(execution, record, null);
  }

  /** `refusal` null: the command may start. */
  async #beforeEnded(
    refusal: Ending | null,
    launch: Extract<StartOutcome, { type: 'preparing' }>['launch'],
  ): Promise<void> {
    if (this.#cancelAsked) await this.#stop('cancelled');
    if (this.#state.type !== 'preparing') return;
    const { claim, record, intent } = this.#state;
    this.#hook = null;
    const end = { claim, record, startedAt: null, escaped: 0, sameBoot: true } as const;
    if (intent !== null) return this.#settle({ ...end, ending: { type: 'stopped-unborn', intent } });
    if (refusal !== null) return this.#settle({ ...end, ending: refusal });
    const outcome = await launch();
    if (outcome.type === 'ended') return this.#settle({ ...end, ending: outcome.ending });
    this.#beginRunning(claim, outcome);
  }

  /** The hub has the result, or never wanted one: free the folder, behind whatever of it is still alive. */
  async #release(why: 'accepted' | 'withdrawn'): Promise<void> {
    const state = this.#state;
    if (state.type === 'gone') return;
    if (state.type === 'running' || state.type === 'stopping') {
      this.#logger.warn({ why }, 'attempt released while its command runs');
      await state.execution.clear({ graceMs: this.#graceMs(state.record), boundMs: this.#context.limits.boundMs });
    }
    await this.#endHook();
    if ((await this.#jobLines?.finish(this.#leaving.signal)) === false) return;
    if (why === 'accepted') await this.#context.spool.withReserve(() => this.#context.tombstones.add(this.id));
    if (why === 'accepted' && state.type === 'holding' && !this.#isAccepted) {
      this.#isAccepted = true;
      const { outcome, log } = state.held.result;
      this.#onAccepted(outcome, log.gaps.length);
    }
    await this.#free();
  }

  async #lose(): Promise<void> {
    this.#logger.error({ folder: this.#folder.path }, 'folder deleted, attempt lost');
    const state = this.#state;
    if (state.type === 'running') {
      await state.execution.clear({ graceMs: this.#graceMs(state.record), boundMs: this.#context.limits.boundMs });
    }
    await this.#endHook();
    await this.#jobLines?.giveUp();
    this.#isLost = true;
    await this.#free();
  }

  async #endHook(): Promise<void> {
    this.#hook?.stop();
    await this.#hook?.ended;
    this.#hook = null;
  }

  async #free(): Promise<void> {
    this.#leaving.abort('left');
    this.#watch?.stop();
    this.#resultFlush?.cancel();
    await this.#jobLines?.stop();
    await this.#stream.close();
    await this.#folder.remove();
    this.#context.spool.forget(this.id);
    this.#setState({ type: 'gone' });
    this.#finish();
  }

  // The execution

  #watchExecution(execution: Execution, record: DocumentRecord, startedAt: number | null): void {
    const { clock, watchFolder, limits } = this.#context;
    const { timeoutMs, logOver, logLimitBytes } = record.terms;
    this.#stream.bound(logOver === 'gap' ? logLimitBytes : null);
    const usedMs = execution.ranMs ?? (startedAt === null ? 0 : Math.max(0, clock.now() - startedAt));
    this.#watch = new ExecutionWatch({
      execution,
      clock,
      folder: this.#folder.path,
      watchFolder,
      pollMs: limits.pollMs,
      timeoutMs: timeoutMs === null ? null : Math.max(0, timeoutMs - usedMs),
      look: () => this.#look(record),
      onStarted: (at) => void this.#post('started', () => this.#started(at)),
      onTimeout: () => void this.#post('timeout', () => this.#stop('timeout')),
      onEnded: () => void this.#post('ended', () => this.#executionEnded()),
    });
  }

  async #started(at: number): Promise<void> {
    if (this.#state.type === 'running' && this.#state.startedAt === null)
      this.#setState({ ...this.#state, startedAt: toPastTime(at, this.#context.clock.now()) });
  }

  async #look(record: DocumentRecord): Promise<void> {
    await this.#lookAtRaw(record).catch((err: unknown) => this.#logger.warn({ err }, 'output cannot be looked at'));
    await this.#lookAtProgress(record).catch((err: unknown) =>
      this.#logger.warn({ err }, 'progress cannot be looked at'),
    );
  }

  async #lookAtProgress({ terms }: DocumentRecord): Promise<void> {
    const { maskText } = this.#stream;
    if (maskText === null) return;
    const { folder, user } = jobFiles(this.#folder, terms.user);
    this.#progress.open({ fs: this.#context.fs, folder, owner: user?.uid ?? null });
    await this.#progress.look(maskText);
  }

  /** `raw` may have grown. */
  async #lookAtRaw({ terms }: DocumentRecord): Promise<void> {
    const { spool } = this.#context;
    const size = await this.#stream.look();
    if (size === null) return;
    spool.note(this.id, size);
    this.#ring();
    if (terms.logOver === 'fail' && size > (terms.logLimitBytes ?? Infinity)) this.#postStop('log-limit');
    this.#spoolWasFull ||= spool.isNearlyFull();
    if (this.#spoolWasFull || spool.isOverBound) this.#postStop('spool-full');
  }

  #postStop(cause: IntentCause): void {
    const { type } = this.#state;
    if (type === 'running' || type === 'preparing') void this.#post(cause, () => this.#stop(cause));
  }

  /**
   * Stops a running command: the intent on the disk, then signals. A valid exit record stands against it, and so does an
   * earlier intent. Where it is not known to have begun, the fence decides whether it ever will. During the `before` hook the
   * intent keeps it from being launched.
   */
  async #stop(cause: IntentCause): Promise<void> {
    const state = this.#state;
    if (state.type === 'preparing' && state.intent === null) {
      await this.#writeIntent(cause);
      this.#setState({ ...state, intent: cause });
      this.#hook?.stop();
    }
    if (state.type !== 'running') return;
    if ((await this.#context.executor.readExit(this.#folder.target)) !== null) return;
    if (state.startedAt === null) await takeFence(this.#context, this.#folder);
    await this.#writeIntent(cause);
    this.#setState({ ...state, type: 'stopping', intent: cause });
    this.#endTree(state.execution, this.#graceMs(state.record));
  }

  #writeIntent(cause: IntentCause): Promise<void> {
    const { clock, spool } = this.#context;
    return spool.withReserve(() => this.#folder.intent.write({ cause, at: new Date(clock.now()).toISOString() }));
  }

  async #executionEnded(): Promise<void> {
    const state = this.#state;
    if (state.type !== 'running') return;
    const { claim, record, startedAt, execution } = state;
    this.#setState({ type: 'clearing', claim, record, startedAt });
    this.#endTree(execution, this.#context.limits.leftoverGraceMs);
  }

  #graceMs(record: DocumentRecord): number {
    return record.terms.graceMs ?? this.#context.limits.graceMs;
  }

  /** Ends what is alive of the tree, in the background: the mailbox goes on meanwhile. */
  #endTree(execution: Execution, graceMs: number): void {
    const { clock, limits } = this.#context;
    const clear = async (): Promise<number> => {
      const { escaped } = await execution.clear({ graceMs, boundMs: graceMs + limits.boundMs });
      // Nothing of it is alive, so its end is near; a wrapper that the kernel does not let go of is not waited for.
      await Promise.race([execution.ended, sleep(clock, limits.boundMs, this.#leaving.signal)]);
      return escaped;
    };
    void clear().then((escaped) => this.#post('cleared', () => this.#cleared(escaped)));
  }

  // The seal

  async #cleared(escaped: number): Promise<void> {
    const state = this.#state;
    if (state.type !== 'stopping' && state.type !== 'clearing') return;
    if (!(await this.#folder.isThere())) return this.#lose();
    const { claim, record } = state;
    const found = await recoverFolder(this.#context, this.#folder, state);
    if (found.type !== 'finished') return this.#logger.error({ found: found.type }, 'expected an end, found none');
    const startedAt = state.startedAt ?? found.startedAt;
    await this.#settle({ claim, record, startedAt, ending: found.ending, escaped, sameBoot: true });
  }

  /**
   * The command's part is over: how long its log is, how it ended, and who comes next. `marker`: an earlier agent was as far as
   * its `after` hook. Of an end that was watched there is none: one that lies in the folder is the command's doing.
   */
  async #settle(end: AttemptEnd, marker: AfterRecord | null = null): Promise<void> {
    this.#watch?.stop();
    await this.#watch?.stopped;
    const { logOver, logLimitBytes, after } = end.record.terms;
    // A limited log ends within a block of its limit, and what the hook prints comes behind the limit.
    const cuts = logOver === 'gap' && logLimitBytes !== null && marker === null && !isUnborn(end.ending);
    if (cuts) await this.#folder.cutRaw(logLimitBytes);
    this.#stream.bound(null);
    const commandBytes = marker?.rawBytes ?? (await this.#folder.rawSize());
    const ending = logOver === 'fail' ? withinLimit(end.ending, commandBytes, logLimitBytes) : end.ending;
    const settled = { ...end, ending, commandBytes, marker };
    if (after === null || !wasBorn(ending)) return this.#beginSealing(settled, { outputs: null, note: null });
    this.#setState({ ...settled, type: 'cleaning' });
    void this.#post('after', () => this.#clean());
  }

  /** Starts the `after` hook, once the secrets are known or gone. */
  async #clean(): Promise<void> {
    const state = this.#state;
    const secrets = this.#stream.sealing;
    if (state.type !== 'cleaning' || this.#hook !== null || secrets === null) return;
    const outputs = await findOutputs(this.#context, this.#folder, state, secrets);
    const look = () => this.#look(state.record);
    const started = await startAfter(this.#context, { folder: this.#folder, state, secrets, outputs, look });
    if (started.type === 'skipped') return this.#beginSealing(state, { outputs, note: started.why });
    const { run, timeoutMs } = started;
    this.#hook = run;
    void run.ended.then((end) =>
      this.#post('after ended', async () => {
        if (this.#state.type !== 'cleaning') return;
        this.#hook = null;
        const note = describeHookEnd('after', end, timeoutMs);
        await this.#beginSealing({ ...state, escaped: state.escaped + end.escaped }, { outputs, note });
      }),
    );
  }

  async #beginSealing(
    end: AttemptEnd & { readonly commandBytes: number },
    found: { readonly outputs: OutputsFound | null; readonly note: string | null },
  ): Promise<void> {
    const rawBytes = await this.#folder.rawSize();
    if (isUnborn(end.ending) && rawBytes === 0) return this.#endUnborn(end.claim, end.record, end.ending);
    this.#context.spool.note(this.id, rawBytes);
    this.#stream.freeze(rawBytes);
    const endedAt = await endedAtOf(this.#context, this.#folder, end.ending);
    const spoolWasFull = this.#spoolWasFull;
    this.#setState({ ...end, ...found, type: 'sealing', rawBytes, endedAt, spoolWasFull });
    // A step of its own, so that what came before it is not done again when it fails.
    void this.#post('seal', () => this.#seal());
  }

  async #seal(): Promise<void> {
    const state = this.#state;
    if (state.type !== 'sealing') return;
    const secrets = this.#stream.sealing;
    if (secrets === null) return;
    const held = await sealAttempt(this.#context, { folder: this.#folder, state, secrets });
    this.#hold({ type: 'holding', claim: state.claim, record: state.record, held });
  }

  async #endUnborn(claim: ClaimRecord, record: DocumentRecord | null, ending: Ending): Promise<void> {
    const held = await writeResult(this.#context, this.#folder, toUnbornResult(ending, this.#context.clock.now()));
    this.#hold({ type: 'holding', claim, record, held });
  }

  #hold(state: Extract<AttemptState, { type: 'holding' }>): void {
    this.#setState(state);
    const flush = () => void this.#post('flush', () => this.#flushResult());
    this.#resultFlush = this.#context.clock.schedule(resultFlushMs, flush, { background: true });
  }

  /** There may be no next agent before the machine loses its power. */
  async #leaveResult(): Promise<void> {
    if (this.#resultFlush === null) return;
    this.#resultFlush.cancel();
    await this.#flushResult().catch((err: unknown) => this.#logger.warn({ err }, 'result cannot be made durable'));
  }

  async #flushResult(): Promise<void> {
    const state = this.#state;
    if (state.type === 'holding') await this.#context.spool.withReserve(() => this.#folder.result.flush(state.held));
    this.#resultFlush = null;
  }

  #openSessions(): void {
    if (this.#state.type === 'gone') return;
    this.#sessions = this.#serveSessions();
  }

  async #serveSessions(): Promise<void> {
    const { clock, random, sessions, limits } = this.#context;
    const signal = this.#leaving.signal;
    const end = await runSessions({
      ...sessions,
      subject: this,
      clock,
      random,
      logger: this.#logger,
      limits: limits.session,
      signal,
    });
    if (end !== 'stopped') await this.#post(end, () => this.#release(end));
  }
}

export function createAttempt(options: AttemptOptions): Attempt {
  return new AttemptActor(options);
}
