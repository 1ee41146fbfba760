import type { LogFrame } from '../../protocol/session-frame.ts';
import type { LogWriter } from '../logs/log-store.ts';

/** What the sender is to be told. */
export interface LogAnswers {
  ack(offset: number): Promise<void>;
  rewind(offset: number): Promise<void>;
  /** What it sent cannot be made durable. It may be waiting to hear of it before it sends anything more. */
  failed(error: unknown): Promise<void>;
}

/**
 * Puts the pieces of a stream into the log at their places: what is there already is skipped, a hole is answered by `rewind`
 * (once, until the right piece comes), and each flush to disk is told by one `ack`, however many pieces it covered.
 */
export class LogReceiver {
  readonly #writer: LogWriter;
  readonly #answers: LogAnswers;
  #rewindingTo: number | null = null;
  #acking: Promise<void> | null = null;
  #failed = false;

  constructor(writer: LogWriter, answers: LogAnswers) {
    this.#writer = writer;
    this.#answers = answers;
  }

  /** Rejects with what the log store failed with. Nothing is taken once something could not be acknowledged. */
  async receive(frame: LogFrame): Promise<void> {
    if (this.#failed) return;
    const have = this.#writer.length;
    if (frame.offset > have) {
      if (this.#rewindingTo === have) return;
      this.#rewindingTo = have;
      await this.#answers.rewind(have);
      return;
    }
    this.#rewindingTo = null;
    const known = have - frame.offset;
    if (known < frame.bytes.length) await this.#writer.append(frame.bytes.subarray(known), frame.at);
    this.#acking ??= this.#acknowledge();
  }

  /** Resolves with true when all that was received is durable and acknowledged, with false when it failed. */
  async settled(): Promise<boolean> {
    while (this.#acking !== null) await this.#acking;
    return !this.#failed;
  }

  async #acknowledge(): Promise<void> {
    try {
      let durable: number;
      do {
        durable = await this.#writer.flush();
        await this.#answers.ack(durable);
      } while (durable < this.#writer.length);
    } catch (error) {
      this.#failed = true;
      await this.#answers.failed(error);
    } finally {
      this.#acking = null;
    }
  }
}
