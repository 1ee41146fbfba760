import { defaultAccount } from '../../hub/account.ts';
import { beginTrace, type Trace, type TraceHeaders } from '../../hub/begin-trace.ts';
import type { LogWriter } from '../../hub/logs/log-store.ts';
import { judgeLog, type LogJudgement } from '../../hub/sessions/judge-log.ts';
import type { JobStep } from '../../hub/store/job-step.ts';
import { applyResult } from '../../hub/store/result-rule.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { AutomationSummary } from '../../protocol/automation-summary.ts';
import type { Cause } from '../../protocol/cause.ts';
import type { Job, JobRequest } from '../../protocol/job.ts';
import type { JobDocument } from '../../protocol/job-document.ts';
import type { FinalJobState } from '../../protocol/job-state.ts';
import type { AttemptReport, Offer } from '../../protocol/offer.ts';
import type { HubFrame, OpenFrame } from '../../protocol/session-frame.ts';
import { continueTrace, toTraceId } from '../../protocol/trace-context.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { SpecEntry } from '../../sync/spec-entry.ts';
import { createOutputLog } from './output-log.ts';

/** How long the agent may take to open a session. It is in this process, so nothing else than a broken disk can delay it. */
const allowedSeconds = 30;

type WantedAttempt = Extract<SpecEntry<Offer>, { readonly type: 'wanted' }>;

/** One try at the job. */
interface Try {
  readonly id: string;
  readonly log: LogWriter;
  /** Null while the document was not sent. */
  number: number | null;
  folderId: string | null;
  /** Of its spec. */
  version: number;
  stored: { readonly result: AttemptResult; readonly log: Extract<LogJudgement, { type: 'store' }> } | null;
}

/** How the job ended. */
export interface ExecEnd {
  /** As the API would show it. */
  readonly job: Job;
  /** Processes of it that could not be stopped. */
  readonly escaped: number;
}

export interface ExecJobOptions {
  readonly request: JobRequest;
  readonly automation: AutomationSummary;
  readonly agentName: string;
  /** Of the environment that it was called in; what cannot be read counts as none. */
  readonly trace: TraceHeaders;
  /** Takes bytes of the log. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** An attempt is to be offered, or something else is wished of it. */
  readonly onWish: (attempt: string) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * What a hub keeps of one job, in memory, from the submission to the end: `docs/attempts.md` §1 and §3, as far as they concern a hub that
 * lives exactly as long as its only agent. It decides; it sends nothing.
 */
export class ExecJob {
  readonly id: string;
  /** Never rejects. */
  readonly ended: Promise<ExecEnd>;
  readonly #options: ExecJobOptions;
  readonly #end: (end: ExecEnd) => void;
  readonly #createdAt: number;
  readonly #trace: Trace;
  readonly #tries = new Map<string, Try>();
  #current: Try;
  #numbers = 0;
  #retriesUsed = 0;
  #neverStarted = 0;
  #cancelRequested = false;

  constructor(options: ExecJobOptions) {
    this.#options = options;
    this.id = options.random.orderedUuid();
    this.#createdAt = options.clock.now();
    const { promise, resolve } = Promise.withResolvers<ExecEnd>();
    this.ended = promise;
    this.#end = resolve;
    this.#trace = beginTrace(this.id, options.trace, options.random);
    this.#current = this.#begin();
  }

  /** The attempts whose result is not known, with the versions of their specs. */
  open(): readonly { readonly id: string; readonly version: number }[] {
    return this.#current.stored === null ? [this.#current] : [];
  }

  /** Null for an attempt that is over. */
  offer(attempt: string): Omit<WantedAttempt, 'type' | 'id'> | null {
    const { request, automation } = this.#options;
    if (this.#current.id !== attempt || this.#current.stored !== null) return null;
    const spec: Offer = {
      job: this.id,
      attempt,
      automation: request.automation,
      digest: automation.digest,
      desired: this.#cancelRequested ? 'cancel' : 'run',
      documentSent: this.#current.number !== null,
      allowedSeconds,
    };
    return { version: this.#current.version, spec, traceparent: continueTrace(this.#trace.traceparent, attempt) };
  }

  cancel(): void {
    if (this.#cancelRequested) return;
    this.#cancelRequested = true;
    // Before the agent knows of it nothing has to be stopped, and nobody would answer.
    if (this.#current.number === null)
      this.#finish({ state: 'cancelled', cause: 'cancelled', last: null, message: null });
    this.#wish();
  }

  log(attempt: string): LogWriter | null {
    return this.#tries.get(attempt)?.log ?? null;
  }

  /** The answer to an `open`. */
  answer(open: OpenFrame): HubFrame {
    const { request } = this.#options;
    const { secrets } = request;
    const attempt = this.#tries.get(open.attempt);
    if (attempt === undefined) return refuse('unknown-attempt');
    if (attempt.stored !== null) return { type: 'accepted' };
    const isOther = attempt.folderId !== null && attempt.folderId !== open.folderId;
    if (isOther || attempt !== this.#current) return refuse('attempt-withdrawn');
    attempt.number ??= this.#numbers += 1;
    attempt.folderId = open.folderId;
    const desired = this.#cancelRequested ? 'cancel' : 'run';
    return {
      type: 'job',
      offset: attempt.log.length,
      desired,
      document: open.needsDocument && desired === 'run' ? this.#toDocument(attempt.id, attempt.number) : null,
      secrets: open.needsSecrets && (desired === 'run' || !open.needsDocument) ? secrets : null,
      secretsGone: false,
      store: null,
    };
  }

  /** Takes a result. Answers from where the log is to be sent again, or null when all is well. */
  async take(attempt: string, result: AttemptResult): Promise<number | null> {
    const ending = this.#tries.get(attempt);
    if (ending === undefined || ending.stored !== null) return null;
    const bytes = await ending.log.flush();
    const judgement = judgeLog(result, { bytes, sha256: await ending.log.digest() });
    if (judgement.type === 'rewind') return judgement.offset;
    ending.stored = { result, log: judgement };
    if (ending === this.#current) this.#step(result, ending);
    return null;
  }

  /** The agent will not run the attempt, or cannot say what became of it. */
  decline(attempt: string, { reason, message }: AttemptReport): void {
    if (attempt !== this.#current.id || this.#current.stored !== null) return;
    if (reason === 'state-lost') return this.#finish({ state: 'lost', cause: 'state-lost', last: null, message });
    const cause = reason === 'spool-full' ? 'spool-full' : 'start-failed';
    this.#finish({ state: 'failed', cause, last: null, message });
  }

  #begin(): Try {
    const log = createOutputLog(this.#options.write);
    const id = this.#options.random.orderedUuid();
    const attempt: Try = { id, log, number: null, folderId: null, version: 1, stored: null };
    this.#tries.set(id, attempt);
    return attempt;
  }

  #wish(): void {
    this.#current.version += 1;
    this.#options.onWish(this.#current.id);
  }

  #step(result: AttemptResult, ending: Try): void {
    const { request, automation } = this.#options;
    const step: JobStep = applyResult(
      {
        state: 'running',
        cause: null,
        retry: { limit: request.retry.limit, on: request.retry.on as Cause[] },
        retriesUsed: this.#retriesUsed,
        neverStarted: this.#neverStarted,
        cancelRequested: this.#cancelRequested,
      },
      { late: false, newerGotDocument: false, folderLost: false },
      { ...result, retrySafe: automation.retrySafe },
    );
    if (step.type === 'end') this.#finish({ ...step, last: ending, message: result.message });
    if (step.type !== 'queue') return;
    if (step.counts === 'retry') this.#retriesUsed += 1;
    else this.#neverStarted += 1;
    this.#current = this.#begin();
    this.#wish();
  }

  #toDocument(attempt: string, number: number): JobDocument {
    const { request, automation } = this.#options;
    return {
      job: this.id,
      attempt,
      number,
      account: defaultAccount,
      automation: request.automation,
      digest: automation.digest,
      parameters: request.parameters,
      secretNames: Object.keys(request.secrets),
      timeoutSeconds: request.timeoutSeconds,
      traceparent: continueTrace(this.#trace.traceparent, attempt),
      tracestate: this.#trace.tracestate,
    };
  }

  #finish(end: {
    readonly state: FinalJobState;
    readonly cause: Cause;
    readonly last: Try | null;
    readonly message: string | null;
  }): void {
    const { request, automation, agentName, clock } = this.#options;
    const { result = null, log = null } = end.last?.stored ?? {};
    const job: Job = {
      id: this.id,
      account: defaultAccount,
      automation: request.automation,
      parameters: request.parameters,
      selector: request.selector,
      priority: request.priority,
      labels: request.labels,
      timeoutSeconds: request.timeoutSeconds,
      state: end.state,
      agent: agentName,
      attempt: end.last?.number ?? null,
      cause: end.cause,
      message: end.message,
      started: result?.started ?? (end.state === 'lost' ? 'unknown' : false),
      retrySafe: automation.retrySafe,
      exitCode: result?.exitCode ?? null,
      signal: result?.signal ?? null,
      outputs: result?.outputs ?? null,
      log:
        result === null || log === null
          ? null
          : {
              bytes: log.bytes,
              sha256: log.sha256,
              complete: log.complete,
              gaps: log.gaps,
              trailing: result.log.trailing,
              removedAt: null,
            },
      waiting: [],
      waitingReasons: [],
      progress: null,
      cancelRequested: this.#cancelRequested,
      traceId: toTraceId(this.#trace.traceparent),
      createdAt: new Date(this.#createdAt).toISOString(),
      startedAt: result?.startedAt ?? null,
      finishedAt: result?.endedAt ?? new Date(clock.now()).toISOString(),
    };
    this.#end({ job, escaped: result?.escaped ?? 0 });
  }
}

function refuse(code: 'unknown-attempt' | 'attempt-withdrawn'): HubFrame {
  return { type: 'error', code, message: code, retryAfterMs: null };
}
