import type { AttemptRecord } from '../store/records.ts';

/** How many attempts of each account agents have, from the moment at which one is to be offered. A copy of what the store says. */
export class RunningJobs {
  readonly #accounts = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  #revision = 0;

  of(account: string): number {
    return this.#counts.get(account) ?? 0;
  }

  /** Another number whenever a count is another. */
  get revision(): number {
    return this.#revision;
  }

  /** It is about to be offered. Counted once, however often it is told. */
  began(attemptId: string, account: string): void {
    if (this.#accounts.has(attemptId)) return;
    this.#accounts.set(attemptId, account);
    this.#counts.set(account, this.of(account) + 1);
    this.#revision++;
  }

  /** It is over, or was never offered. */
  ended(attemptId: string): void {
    const account = this.#accounts.get(attemptId);
    if (account === undefined) return;
    this.#accounts.delete(attemptId);
    const left = this.of(account) - 1;
    if (left === 0) this.#counts.delete(account);
    else this.#counts.set(account, left);
    this.#revision++;
  }

  attemptChanged({ id, account, state }: Pick<AttemptRecord, 'id' | 'account' | 'state'>): void {
    if (state === 'offered' || state === 'running') this.began(id, account);
    else this.ended(id);
  }
}
