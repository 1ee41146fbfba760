import { maxLogFrameBytes } from '../../protocol/session-frame.ts';
import type { AgentSessionChannel } from '../../transports/session-transport.ts';
import type { SessionSubject } from './session-subject.ts';

/**
 * Sends one session's part of the stream and, behind all of it, the result. At most `windowBytes` are on their way without an
 * acknowledgement; what waits, waits in the file. Nothing that was sent is kept: a rewind reads it again.
 */
export class LogPump {
  readonly #subject: SessionSubject;
  readonly #channel: AgentSessionChannel;
  readonly #windowBytes: number;
  #seekTo: number | null;
  #sent = 0;
  #acknowledged = 0;
  #resultSent = false;

  constructor(options: {
    readonly subject: SessionSubject;
    readonly channel: AgentSessionChannel;
    readonly windowBytes: number;
    /** Bytes of the stream that the hub has. */
    readonly offset: number;
  }) {
    this.#subject = options.subject;
    this.#channel = options.channel;
    this.#windowBytes = options.windowBytes;
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
    while (!signal.aborted) {
      if (!(await this.#step())) await this.#subject.news.wait(signal);
    }
  }

  /** One frame. False when there is nothing to send for now. */
  async #step(): Promise<boolean> {
    this.#seek();
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
    if (result === null || this.#resultSent) return false;
    this.#resultSent = true;
    await this.#channel.send({ type: 'result', result });
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
