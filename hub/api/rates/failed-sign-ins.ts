import type { Clock } from '../../../runtime/clock.ts';

interface Record {
  failures: number;
  lastAt: number;
  shutUntil: number;
}

const maxNetworks = 10_000;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** After so long without one, nothing is remembered. */
const forgottenAfterMs = 10 * 60_000;

/**
 * Failed attempts to come in, by network. After `free` of them the network is shut to more failures, for a second at first and twice as long
 * with each, up to a minute. What is shut is a matter of whoever asks: see `limitSignIns`.
 */
export class FailedSignIns {
  readonly #records = new Map<string, Record>();
  readonly free: number;
  readonly #clock: Clock;

  constructor({ free, clock }: { readonly free: number; readonly clock: Clock }) {
    this.free = free;
    this.#clock = clock;
  }

  /** How long the network is shut yet; 0 when it is not. */
  shutForMs(network: string): number {
    const record = this.#records.get(network);
    return record === undefined ? 0 : Math.max(0, record.shutUntil - this.#clock.monotonic());
  }

  /** One more failed. */
  add(network: string): void {
    const now = this.#clock.monotonic();
    const before = this.#records.get(network);
    const record =
      before === undefined || now - before.lastAt > forgottenAfterMs
        ? { failures: 0, lastAt: now, shutUntil: 0 }
        : before;
    record.failures++;
    record.lastAt = now;
    const over = record.failures - this.free;
    if (over > 0) record.shutUntil = now + Math.min(firstPauseMs * 2 ** (over - 1), longestPauseMs);
    this.#records.delete(network);
    this.#records.set(network, record);
    const oldest = this.#records.keys().next().value;
    if (this.#records.size > maxNetworks && oldest !== undefined) this.#records.delete(oldest);
  }

  /** It did not fail after all. */
  takeBack(network: string): void {
    const record = this.#records.get(network);
    if (record === undefined) return;
    record.failures--;
    if (record.failures <= this.free) record.shutUntil = 0;
    if (record.failures <= 0) this.#records.delete(network);
  }
}
