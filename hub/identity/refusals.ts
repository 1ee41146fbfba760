import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { defaultAccount } from '../account.ts';
import type { CommandInput } from '../store/command.ts';
import type { Store } from '../store/store.ts';

/** Where somebody was turned away: the API, the channels of agents, the enrolment of agents. */
export type Door = 'api' | 'agents' | 'enrolment';

/** Whom it was about, where that is known: a token that is over, an agent. */
export interface RefusedSubject {
  readonly account: string;
  /** `token:<id>`, `agent:<id>` … */
  readonly object: string;
}

interface Count {
  readonly subject: RefusedSubject;
  readonly door: Door;
  readonly since: number;
  count: number;
  readonly from: Map<string, number>;
}

/** What is gathered in one line each. */
const gatherMs = 60_000;
/** Lines of one minute, and addresses of one line, at most: whoever knocks a million times fills no disk. */
const maxLines = 50;
const maxAddresses = 10;
const elsewhere = 'others';

/** Writes into the audit who was turned away: not each knock, but how often in a minute, at which door, from where, and as whom. */
export class Refusals implements AsyncDisposable {
  readonly #store: Pick<Store, 'apply'>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #counts = new Map<string, Count>();
  #timer: Timer | null = null;

  constructor(options: { readonly store: Pick<Store, 'apply'>; readonly clock: Clock; readonly logger: Logger }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** `subject` null: nobody that the hub knows. */
  note({
    door,
    remote,
    subject,
  }: {
    readonly door: Door;
    readonly remote: string;
    readonly subject: RefusedSubject | null;
  }): void {
    const own = subject ?? { account: defaultAccount, object: `door:${door}` };
    const whole = this.#counts.size < maxLines;
    const counted = this.#find(own, door) ?? (whole ? this.#begin(own, door) : this.#others(door));
    counted.count++;
    const address = counted.from.has(remote) || counted.from.size < maxAddresses ? remote : elsewhere;
    counted.from.set(address, (counted.from.get(address) ?? 0) + 1);
    this.#timer ??= this.#clock.schedule(gatherMs, () => void this.#write(), { background: true });
  }

  /** Writes what was gathered. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#write();
  }

  #find({ account, object }: RefusedSubject, door: Door): Count | undefined {
    return this.#counts.get(`${door}\n${account}\n${object}`);
  }

  #others(door: Door): Count {
    const subject = { account: defaultAccount, object: `door:${door}` };
    return this.#find(subject, door) ?? this.#begin(subject, door);
  }

  #begin(subject: RefusedSubject, door: Door): Count {
    const count: Count = { subject, door, since: this.#clock.now(), count: 0, from: new Map() };
    this.#counts.set(`${door}\n${subject.account}\n${subject.object}`, count);
    return count;
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#counts.size === 0) return;
    const refusals: CommandInput<'record-refusals'>['refusals'] = [...this.#counts.values()].map(
      ({ subject, door, since, count, from }) => ({ ...subject, door, since, count, from: Object.fromEntries(from) }),
    );
    this.#counts = new Map();
    try {
      await this.#store.apply('record-refusals', { refusals, at: this.#clock.now() });
    } catch (error) {
      this.#logger.warn({ err: error, refusals }, 'refusals could not be written into the audit');
    }
  }
}
