import type { UnknownFrame } from '../../protocol/parse-frame.ts';
import type { HubFrame, SessionErrorCode } from '../../protocol/session-frame.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { CloseReason } from '../../transports/channel.ts';
import type { Credential } from '../../transports/credential.ts';
import type { AgentSessionChannel } from '../../transports/session-transport.ts';
import { TransportError } from '../../transports/transport-error.ts';
import { createBackoff } from '../backoff.ts';
import { maxHintMs } from '../max-hint.ts';
import { LogPump } from './log-pump.ts';
import type { SessionGate, SessionPass } from './session-gate.ts';
import type { SessionSubject } from './session-subject.ts';

export interface SessionLimits {
  /** Bytes of the stream on their way without an acknowledgement. */
  readonly windowBytes: number;
  /** A hub that does not answer `open` or `result` for so long is asked again on a new session. */
  readonly answerMs: number;
  /** Largest wait between two sessions, unless the hub asks for a longer one. */
  readonly maxRetryMs: number;
  /** A hub cannot put a session off for longer than this. */
  readonly maxHintMs: number;
}

export const defaultSessionLimits: SessionLimits = {
  windowBytes: 4 * 1024 * 1024,
  answerMs: 60_000,
  maxRetryMs: 15_000,
  maxHintMs,
};

const firstRetryMs = 100;

/** The hub's last word on an attempt: it has the result, or it never wanted this attempt. */
export type SessionsEnd = 'accepted' | 'withdrawn' | 'stopped';

/**
 * What a session that ended asks for. `pace` of another one: `soon` for a connection that broke, `slowly` where only a change on the
 * hub can help, so that asking is nearly in vain.
 */
type SessionEnd =
  | { readonly type: 'accepted' | 'withdrawn' }
  | {
      readonly type: 'again';
      readonly pace: 'soon' | 'slowly';
      readonly retryAfterMs: number | null;
      readonly why: string;
    };

/** Every code the hub may send, and what it means here. None of them stops a command. */
const errorCodes: Record<SessionErrorCode, 'withdrawn' | 'soon' | 'slowly'> = {
  'attempt-withdrawn': 'withdrawn',
  // A frame of an older session of ours may have come late: the newest one opens again.
  'session-replaced': 'soon',
  overloaded: 'soon',
  // A restored store: the folder is kept, and the hub may learn of the attempt yet.
  'unknown-attempt': 'slowly',
  'wrong-agent': 'slowly',
  'too-large': 'slowly',
  'invalid-frame': 'slowly',
};

export interface SessionLoopOptions {
  readonly subject: SessionSubject;
  readonly credential: Credential;
  readonly gate: SessionGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: SessionLimits;
  readonly signal: AbortSignal;
}

/** Keeps one session of the attempt open until the hub said its last word or `signal` aborts. Never rejects. */
export async function runSessions(options: SessionLoopOptions): Promise<SessionsEnd> {
  const { clock, random, limits, signal, logger } = options;
  const soon = createBackoff({ random, firstMs: firstRetryMs, maxMs: limits.maxRetryMs });
  let opens = 0;
  for (;;) {
    const pass = await options.gate.enter(signal);
    if (pass === null || signal.aborted) return 'stopped';
    opens += 1;
    const session = new Session(options, { ...pass, opens }, () => soon.reset());
    const end = await session.run();
    if (end.type !== 'again') return end.type;
    if (signal.aborted) return 'stopped';
    const waitMs = Math.max(
      end.pace === 'soon' ? soon.next() : limits.maxRetryMs * (0.5 + random.fraction() / 2),
      Math.min(end.retryAfterMs ?? 0, limits.maxHintMs),
    );
    logger.debug({ opens, why: end.why, waitMs }, 'session ended');
    await sleep(clock, waitMs, signal);
  }
}

/**
 * One session: dialled while the claim is still being written, opened, answered, then the stream and the result, until the hub's
 * last word or the end of the connection.
 */
class Session {
  readonly #options: SessionLoopOptions;
  readonly #pass: SessionPass & { readonly opens: number };
  readonly #answered: () => void;

  constructor(options: SessionLoopOptions, pass: SessionPass & { readonly opens: number }, answered: () => void) {
    this.#options = options;
    this.#pass = pass;
    this.#answered = answered;
  }

  async run(): Promise<SessionEnd> {
    const { subject, credential, signal } = this.#options;
    try {
      const channel = await this.#pass.transport.openSession({ attempt: subject.attempt, credential }, { signal });
      const hangUp = () => void channel.close({ signal });
      signal.addEventListener('abort', hangUp);
      if (signal.aborted) hangUp();
      try {
        return await this.#converse(channel);
      } finally {
        await channel.close({ signal });
        signal.removeEventListener('abort', hangUp);
      }
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #converse(channel: AgentSessionChannel): Promise<SessionEnd> {
    const { subject } = this.#options;
    const { leaseEpoch, opens } = this.#pass;
    const facts = await subject.describe();
    if (facts === null) return again('soon', 'nothing to open');
    await channel.send({ type: 'open', attempt: subject.attempt, leaseEpoch, opens, ...facts });
    const pumping = new AbortController();
    let pump: LogPump | null = null;
    let pumped: Promise<void> = Promise.resolve();
    let missedAt: number | null = null;
    const watchdog = this.#watchAnswers(channel, () => pump === null || pump.resultSent);
    try {
      for await (const frame of channel) {
        watchdog.heard();
        if (frame.type === 'error' && frame.code === 'unknown-attempt') subject.forgotten();
        const end = toEnd(frame);
        if (end !== null) return end;
        if (frame.type === 'job') {
          if (frame.store !== null) this.#options.gate.heard(frame.store);
          await subject.receive(frame);
          if (pump !== null) continue;
          const described = await subject.describe();
          if (described === null) return again('soon', 'there is nothing to say here any more');
          if (described.needsDocument) return again('slowly', 'no document came');
          this.#answered();
          const { clock, limits } = this.#options;
          pump = new LogPump({ subject, channel, windowBytes: limits.windowBytes, clock, offset: frame.offset });
          pumped = this.#pump(pump, channel, pumping.signal);
        } else if (frame.type === 'ack') pump?.acknowledge(frame.offset);
        else if (frame.type === 'rewind') {
          // A hub that did not keep what it was sent twice will not keep it at once: it is given time, and a new session.
          if (pump?.resultSent === true) {
            if (frame.offset === missedAt) return again('soon', 'the hub asks for the same bytes again');
            missedAt = frame.offset;
          }
          pump?.rewind(frame.offset);
        }
      }
      return fromClose(await channel.closed);
    } finally {
      watchdog.stop();
      pumping.abort('over');
      await Promise.all([channel.close({ signal: this.#options.signal }), pumped]);
    }
  }

  /** A pump that cannot go on ends its session. The next one may. */
  async #pump(pump: LogPump, channel: AgentSessionChannel, signal: AbortSignal): Promise<void> {
    try {
      await pump.run(signal);
    } catch (error) {
      if (!(error instanceof TransportError)) this.#options.logger.error({ error }, 'stream cannot be sent');
      await channel.close({ signal: this.#options.signal });
    }
  }

  /** Closes a session whose hub owes an answer for too long. */
  #watchAnswers(channel: AgentSessionChannel, owed: () => boolean): { heard(): void; stop(): void } {
    const { clock, limits, logger, signal } = this.#options;
    const watch = () =>
      clock.schedule(limits.answerMs, () => {
        if (owed()) {
          logger.warn({ answerMs: limits.answerMs }, 'session without an answer');
          void channel.close({ signal });
        } else timer = watch();
      });
    let timer = watch();
    return {
      heard() {
        timer.cancel();
        timer = watch();
      },
      stop: () => timer.cancel(),
    };
  }

  #failed(error: unknown): SessionEnd {
    if (error instanceof TransportError) return again('soon', error.code, error.retryAfterMs);
    this.#options.logger.error({ error }, 'session failed');
    return again('soon', 'failed');
  }
}

function again(pace: 'soon' | 'slowly', why: string, retryAfterMs: number | null = null): SessionEnd {
  return { type: 'again', pace, why, retryAfterMs };
}

/** Null for a frame that does not end the session. */
function toEnd(frame: HubFrame | UnknownFrame): SessionEnd | null {
  if (frame.type === 'accepted') return { type: 'accepted' };
  if (frame.type !== 'error') return null;
  const meaning = errorCodes[frame.code];
  return meaning === 'withdrawn' ? { type: 'withdrawn' } : again(meaning, frame.code, frame.retryAfterMs);
}

function fromClose(reason: CloseReason): SessionEnd {
  switch (reason.type) {
    case 'local':
      return again('soon', 'closed here');
    case 'remote':
      return again('soon', reason.reason, reason.retryAfterMs);
    case 'failure':
      return again('soon', reason.error.code, reason.error.retryAfterMs);
  }
}
