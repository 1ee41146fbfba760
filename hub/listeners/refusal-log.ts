import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';

export interface RefusalLogOptions {
  /** Counts each of them. */
  readonly count: (reason: ConnectionRefusal) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const everyMs = 60_000;
const maxAddresses = 1_000;

/**
 * Says which connections were refused, and why: each address once a minute, and no more addresses in a minute than a person would read. All are counted.
 */
export class RefusalLog {
  readonly #options: RefusalLogOptions;
  #begin: number;
  #addresses = new Set<string>();

  constructor(options: RefusalLogOptions) {
    this.#options = options;
    this.#begin = options.clock.monotonic();
  }

  /** `remote`: undefined where nobody knows any more. */
  refused(reason: ConnectionRefusal, remote: string | undefined, detail?: string): void {
    const { count, clock, logger } = this.#options;
    count(reason);
    const now = clock.monotonic();
    if (now - this.#begin >= everyMs) {
      this.#begin = now;
      this.#addresses.clear();
    }
    const address = remote ?? 'unknown';
    if (this.#addresses.has(address) || this.#addresses.size >= maxAddresses) return;
    this.#addresses.add(address);
    const fields = { remote: address, reason, ...(detail === undefined ? {} : { detail }) };
    // The other side may just have changed its mind; of a scanner there is one of these for each try.
    if (reason === 'gone') logger.debug(fields, 'connection refused');
    else logger.warn(fields, 'connection refused');
  }
}
