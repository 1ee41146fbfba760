import type { Quotas } from '../../protocol/account.ts';

/** How much an account may have; Infinity: as much as it likes. */
export interface AccountLimits {
  /** Jobs that wait for an agent. */
  readonly queuedJobs: number;
  /** Jobs that agents have. */
  readonly runningJobs: number;
  /** Of logs of ended jobs, in the store of logs. */
  readonly logBytes: number;
}

/** No bound but those of the whole hub. */
export const noLimits: AccountLimits = { queuedJobs: Infinity, runningJobs: Infinity, logBytes: Infinity };

/** What each account may have: what was set for it, else what the configuration says. A copy of what the store says. */
export class AccountQuotas {
  readonly #usual: AccountLimits;
  readonly #set = new Map<string, { readonly quotas: Quotas; readonly limits: AccountLimits }>();
  #revision = 0;

  constructor(usual: AccountLimits) {
    this.#usual = usual;
  }

  /** Another number whenever somebody's are others. */
  get revision(): number {
    return this.#revision;
  }

  of(account: string): AccountLimits {
    return this.#set.get(account)?.limits ?? this.#usual;
  }

  /** Whether this limit of the account was set for it. */
  isOwn(account: string, name: keyof Quotas): boolean {
    return (this.#set.get(account)?.quotas[name] ?? null) !== null;
  }

  changed(account: string, quotas: Quotas): void {
    const usual = this.#usual;
    const toLimit = (name: keyof Quotas) => {
      const quota = quotas[name];
      return quota === null ? usual[name] : quota === 'unlimited' ? Infinity : quota;
    };
    const limits = {
      queuedJobs: toLimit('queuedJobs'),
      runningJobs: toLimit('runningJobs'),
      logBytes: toLimit('logBytes'),
    };
    this.#set.set(account, { quotas, limits });
    this.#revision++;
  }
}
