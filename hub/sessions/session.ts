import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { Secrets } from '../../protocol/job-document.ts';
import type { UnknownFrame } from '../../protocol/parse-frame.ts';
import type { Progress } from '../../protocol/progress.ts';
import type { StorePlace } from '../../protocol/seen-store.ts';
import type { AgentFrame, HubFrame, JobFrame, OpenFrame, SessionErrorCode } from '../../protocol/session-frame.ts';
import { toTraceId } from '../../protocol/trace-context.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { HubSessionChannel } from '../../transports/session-transport.ts';
import { IdentityError } from '../identity/identity-error.ts';
import { LogError } from '../logs/log-error.ts';
import type { LogWriter } from '../logs/log-store.ts';
import type { SessionOutcome } from '../metrics/session-counts.ts';
import type { OpenAnswer } from '../store/command.ts';
import type { AttemptRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import { judgeLog } from './judge-log.ts';
import { LogReceiver } from './log-receiver.ts';
import type { RunnerWishes } from './runner-wishes.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { Speaker } from './speaker.ts';

/** When an agent should try again after the hub had no room or no store. */
const overloadedRetryMs = 5_000;

const withdrawnMessage = 'the hub has given this attempt up: its folder may go';
const replacedCode = 'session-replaced';
const replacedMessage = 'a newer session of this attempt was opened';

/** What ends a session early: the agent is told the code. */
class SessionEnd extends Error {
  readonly code: SessionErrorCode;
  constructor(code: SessionErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

function toStorePlace(store: Store): StorePlace {
  return { storeId: store.storeId, startId: store.startId, commits: store.commits() };
}

function toProgress({ percent, message, outputs }: Progress): Progress {
  return { percent, message, outputs };
}

/**
 * The hub's end of one session, from `open` to `accepted`. It holds nothing that a later session would miss: what counts is in
 * the store and in the log before the agent is told of it. Ends when the channel ends, when the agent got its last word, or
 * when a newer session of the attempt was opened.
 */
export class Session {
  readonly #channel: HubSessionChannel;
  readonly #speaker: Speaker;
  readonly #options: SessionOptions & { readonly wishes: RunnerWishes };
  #logger: Logger;
  #outcome: SessionOutcome = 'closed';

  constructor(
    channel: HubSessionChannel,
    speaker: Speaker,
    attempt: string,
    options: SessionOptions & { readonly wishes: RunnerWishes },
  ) {
    this.#channel = channel;
    this.#speaker = speaker;
    this.#options = options;
    this.#logger = options.logger.child({ attempt, channel: channel.id });
  }

  /** The last word that the agent was told; `closed` when the channel ended without one. */
  get outcome(): SessionOutcome {
    return this.#outcome;
  }

  /** Never rejects. */
  async serve(
    open: OpenFrame,
    frames: AsyncIterator<AgentFrame | UnknownFrame>,
    registry: SessionRegistry,
  ): Promise<void> {
    try {
      await this.#answer(open, frames, registry);
    } catch (error) {
      await this.#explain(error);
    }
  }

  /** Only an `open` that the store ranks newest ends an earlier session: one that sat in a proxy ends nothing. */
  async #answer(
    open: OpenFrame,
    frames: AsyncIterator<AgentFrame | UnknownFrame>,
    registry: SessionRegistry,
  ): Promise<void> {
    const { clock, wishes } = this.#options;
    const takesBack = !this.#speaker.isRunner && open.handsOver !== true;
    // What a runner that is gone still sent counts, if it is here already: after the next commit it does not.
    if (takesBack && wishes.has(open.attempt)) await registry.settle(open.attempt, clock);
    const answer = await this.#speaker.open(clock.now());
    switch (answer.type) {
      case 'accepted':
        return this.#accept();
      case 'withdrawn':
        return this.#refuse('attempt-withdrawn', withdrawnMessage);
      case 'unknown':
        return this.#refuse('unknown-attempt', 'this hub has no such attempt');
      case 'wrong-agent':
        return this.#refuse('wrong-agent', 'this attempt was given to another agent');
      case 'replaced':
        return this.#refuse(replacedCode, replacedMessage);
      case 'job': {
        const { jobId: job, traceparent } = answer.attempt;
        this.#logger = this.#logger.child({ job, traceId: toTraceId(traceparent) });
        return registry.take(open.attempt, (replaced) => this.#serveUntil(open, answer, frames, replaced));
      }
    }
  }

  async #serveUntil(
    open: OpenFrame,
    answer: Extract<OpenAnswer, { type: 'job' }>,
    frames: AsyncIterator<AgentFrame | UnknownFrame>,
    replaced: AbortSignal,
  ): Promise<void> {
    const onReplaced = () => void this.#refuse(replacedCode, replacedMessage);
    if (replaced.aborted) return this.#refuse(replacedCode, replacedMessage);
    replaced.addEventListener('abort', onReplaced);
    try {
      await this.#run(open, answer, frames, replaced);
    } finally {
      replaced.removeEventListener('abort', onReplaced);
    }
  }

  async #run(
    open: OpenFrame,
    answer: Extract<OpenAnswer, { type: 'job' }>,
    frames: AsyncIterator<AgentFrame | UnknownFrame>,
    replaced: AbortSignal,
  ): Promise<void> {
    await using writer = await this.#options.logs.write(open.attempt);
    await this.#send({ ...(await this.#toJobFrame(open, answer)), offset: writer.durable });
    using _ = this.#speaker.isRunner ? await this.#listen(answer, writer) : null;
    const receiver = new LogReceiver(writer, {
      ack: (offset) => this.#send({ type: 'ack', offset }),
      rewind: (offset) => this.#send({ type: 'rewind', offset }),
      failed: (error) => this.#explain(error),
    });
    for (;;) {
      const next = await frames.next();
      if (next.done === true || replaced.aborted) return;
      const frame = next.value;
      switch (frame.type) {
        case 'log':
          await receiver.receive(frame);
          break;
        case 'progress':
          this.#options.progress.set(answer.attempt, toProgress(frame));
          break;
        case 'result':
          if (!(await receiver.settled()) || (await this.#end(answer.attempt, frame.result, writer))) return;
          break;
        case 'unknown':
          this.#logger.debug({ frame: frame.name }, 'frame of a later agent passed over');
          break;
        case 'open':
          throw new SessionEnd('invalid-frame', 'expected log, progress or result, got a second open');
      }
    }
  }

  /** Tells a runner what becomes of its attempt from here on. */
  async #listen(
    { attempt: { id }, desired }: Extract<OpenAnswer, { type: 'job' }>,
    writer: LogWriter,
  ): Promise<Disposable> {
    const { store, wishes } = this.#options;
    let told = desired;
    const tell = (attempt: AttemptRecord) => {
      if (attempt.state === 'state-lost') void this.#refuse('attempt-withdrawn', withdrawnMessage);
      if (attempt.desired === told || told === 'cancel') return;
      told = attempt.desired;
      const nothing = { document: null, secrets: null, secretsGone: false };
      void this.#send({ type: 'job', offset: writer.durable, desired: told, ...nothing, store: toStorePlace(store) });
    };
    const listening = wishes.listen(id, tell);
    const now = await store.queries.attempt(id);
    if (now !== null) tell(now);
    return listening;
  }

  /** Secrets that cannot be opened are gone like those that were wiped: a job that did not start must not start without. */
  async #toJobFrame(
    open: OpenFrame,
    { attempt, desired: wanted, document, secrets: sealed, secretsGone }: Extract<OpenAnswer, { type: 'job' }>,
  ): Promise<Omit<Extract<HubFrame, { type: 'job' }>, 'offset'>> {
    const secrets = open.needsSecrets && sealed !== null ? this.#openSecrets(attempt.jobId, sealed) : null;
    const gone = secretsGone || (open.needsSecrets && sealed !== null && secrets === null);
    const desired = gone && open.have === 'claimed' ? 'cancel' : wanted;
    return {
      type: 'job',
      desired,
      document: open.needsDocument && desired === 'run' ? document : null,
      secrets: desired === 'run' || !open.needsDocument ? secrets : null,
      secretsGone: gone,
      store: toStorePlace(this.#options.store),
      ...(this.#speaker.isRunner ? {} : await this.#toHandover(open, attempt)),
    };
  }

  async #toHandover(
    { handsOver = false, ticketSeconds: waitSeconds }: OpenFrame,
    { id: attempt, agentId, folderId, handover }: AttemptRecord,
  ): Promise<Pick<JobFrame, 'handover'>> {
    if (handover === null) return {};
    const runnerCame = handover.runner !== null;
    const gives = handsOver && handover.state === 'given' && !runnerCame && folderId !== null;
    const ticket = gives
      ? await this.#options.tickets.issue({ attempt, agentId, agentFolderId: folderId, waitSeconds })
      : null;
    return { handover: { ticket, runnerCame } };
  }

  /** Null when they were sealed with another key. */
  #openSecrets(jobId: string, sealed: Uint8Array): Secrets | null {
    try {
      return this.#options.openSecrets(jobId, sealed);
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      this.#logger.error({ err: error }, 'secrets of a job cannot be opened');
      return null;
    }
  }

  /** True when the session is over. */
  async #end(attempt: AttemptRecord, result: AttemptResult, writer: LogWriter): Promise<boolean> {
    const durable = await writer.flush();
    const judgement = judgeLog(result, { bytes: durable, sha256: await writer.digest() });
    if (judgement.type === 'rewind') {
      await this.#send({ type: 'rewind', offset: judgement.offset });
      return false;
    }
    const { type: _, ...storedLog } = judgement;
    const answer = await this.#speaker.end({
      result,
      storedLog,
      retrySafe: this.#options.isRetrySafe(attempt),
      at: this.#options.clock.now(),
    });
    switch (answer.type) {
      case 'accepted':
        await this.#accept();
        return true;
      case 'replaced':
        await this.#refuse(replacedCode, replacedMessage);
        return true;
      case 'withdrawn':
        await this.#refuse('attempt-withdrawn', 'this attempt was given up');
        return true;
      case 'unknown':
        await this.#refuse('unknown-attempt', 'this hub has no such attempt');
        return true;
    }
  }

  async #accept(): Promise<void> {
    this.#outcome = 'accepted';
    await this.#send({ type: 'accepted' });
    await this.#channel.close({ reason: 'accepted' });
  }

  async #refuse(code: SessionErrorCode, message: string, retryAfterMs: number | null = null): Promise<void> {
    this.#outcome = code;
    await this.#send({ type: 'error', code, message, retryAfterMs });
    await this.#channel.close({ reason: code });
  }

  /** A channel that is gone is no failure: the agent opens another. */
  async #send(frame: HubFrame): Promise<void> {
    try {
      await this.#channel.send(frame);
    } catch (error) {
      this.#logger.debug({ err: error, frame: frame.type }, 'frame not sent, the session is gone');
    }
  }

  async #explain(error: unknown): Promise<void> {
    if (error instanceof SessionEnd) return this.#refuse(error.code, error.message);
    if (error instanceof StoreError || error instanceof LogError) {
      this.#logger.error({ err: error }, 'the hub could not store what a session brought');
      return this.#refuse('overloaded', 'the hub cannot store this now', overloadedRetryMs);
    }
    this.#logger.error({ err: error }, 'session failed');
    return this.#refuse('overloaded', 'the hub failed to handle this session', overloadedRetryMs);
  }
}
