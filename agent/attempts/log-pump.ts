import type { Progress } from '../../protocol/progress.ts';
import { maxLogFrameBytes } from '../../protocol/session-frame.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { AgentSessionChannel } from '../../transports/session-transport.ts';
import type { SessionSubject } from './session-subject.ts';

/** Between two words of progress on one session. */
const progressRestMs = 500;

/**
 * Sends one session's part of the stream and, behind all of it, the result. At most `windowBytes` are on their way without an
 * acknowledgement; what waits, waits in the file. Nothing that was sent is kept: a rewind reads it again. The newest progress goes
 * between, first of all the one that an earlier session may have sent: only the newest counts.
 */
export class LogPump {
  readonly #subject: SessionSubject;
  readonly #channel: AgentSessionChannel;
  readonly #windowBytes: number;
  readonly #clock: Clock;
  #progressSent: Progress | null = null;
  #progressAt = Number.NEGATIVE_INFINITY;
  #progressTimer: Timer | null = null;
  #seekTo: number | null;
  #sent = 0;
  #acknowledged = 0;
  #resultSent = false;

  constructor(options: {
    readonly subject: SessionSubject;
    readonly channel: AgentSessionChannel;
    readonly windowBytes: number;
    readonly clock: Clock;
    /** Bytes of the stream that the hub has. */
    readonly offset: number;
  }) {
    this.#subject = options.subject;
    this.#channel = options.channel;
    this.#windowBytes = options.windowBytes;
    this.#clock = options.clock;
    this.#seekTo = options.offset;
  }

  /** The result was sent, and nothing was asked for again since. */
  get resultSent(): boolean {
    return this.#resultSent;
  }

  /** Bytes that were sent and not acknowledged: never more than the window. */
  get inFlightBytes(): number {
    return this.#sent - this.#acknowledged;
  }

  acknowledge(offset: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(offset, this.#sent));
    this.#subject.news.ring();
  }

  rewind(offset: number): void {
    this.#seekTo = offset;
    this.#subject.news.ring();
  }

  /** Runs until `signal` aborts. Rejects when the channel takes nothing more or `raw` cannot be read. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        if (!(await this.#step())) await this.#subject.news.wait(signal);
      }
    } finally {
      this.#progressTimer?.cancel();
    }
  }

  /** One frame. False when there is nothing to send for now. */
  async #step(): Promise<boolean> {
    this.#seek();
    if (await this.#sendProgress()) return true;
    const room = Math.min(maxLogFrameBytes, this.#windowBytes - this.inFlightBytes);
    const { stream } = this.#subject;
    if (stream !== null && !stream.ended) {
      if (room <= 0) return false;
      const piece = await stream.read(room);
      if (this.#seekTo !== null) return true;
      if (piece !== null) {
        this.#sent = piece.offset + piece.bytes.length;
        await this.#channel.send({ type: 'log', ...piece });
        return true;
      }
      if (!stream.ended) return false;
    }
    const { result } = this.#subject;
    if (result === null && this.inFlightBytes === 0) this.#subject.caughtUp();
    if (result === null || this.#resultSent) return false;
    this.#resultSent = true;
    await this.#channel.send({ type: 'result', result });
    return true;
  }

  /** At once after a while of silence, and else when its time has come. True when it was sent. */
  async #sendProgress(): Promise<boolean> {
    const { progress, result, news } = this.#subject;
    if (progress === null || progress === this.#progressSent || result !== null || this.#progressTimer !== null)
      return false;
    const waitMs = this.#progressAt + progressRestMs - this.#clock.monotonic();
    if (waitMs > 0) {
      const ring = () => {
        this.#progressTimer = null;
        news.ring();
      };
      this.#progressTimer = this.#clock.schedule(waitMs, ring, { background: true });
      return false;
    }
    this.#progressSent = progress;
    this.#progressAt = this.#clock.monotonic();
    await this.#channel.send({ type: 'progress', ...progress });
    return true;
  }

  #seek(): void {
    if (this.#seekTo === null) return;
    this.#sent = this.#seekTo;
    this.#acknowledged = this.#seekTo;
    this.#resultSent = false;
    this.#subject.stream?.seek(this.#seekTo);
    this.#seekTo = null;
  }
}
