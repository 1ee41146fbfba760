import type { Have } from '../../../protocol/session-frame.ts';

/**
 * The hub's side of one job, as small as it can be: a second, independent telling of `docs/attempts.md` §1, §3 and §5 to hold the
 * store against. Every retry cause is allowed, and the limit is one, so that `retrySafe` alone decides.
 */
export type ReferenceState =
  | 'queued'
  | 'offered'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'lost-correctable'
  | 'lost-final';

export type ReferenceOutcome = 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'never-started';

interface ReferenceAttempt {
  withdrawn: boolean;
  documentSent: boolean;
  folder: number;
  result: ReferenceOutcome | null;
  lost: 'no' | 'agent' | 'state';
}

const neverStartedLimit = 10;

export class ReferenceJob {
  readonly #retrySafe: boolean;
  readonly attempts: ReferenceAttempt[] = [];
  state: ReferenceState = 'queued';
  cancelAsked = false;
  retries = 0;
  neverStarted = 0;
  secrets = true;

  constructor(retrySafe: boolean) {
    this.#retrySafe = retrySafe;
  }

  offer(): boolean {
    if (this.state !== 'queued') return false;
    this.attempts.push({ withdrawn: false, documentSent: false, folder: 0, result: null, lost: 'no' });
    this.state = 'offered';
    return true;
  }

  /** A declined offer, or one that nobody answered. */
  withdraw(index: number): void {
    const attempt = this.#at(index);
    if (attempt.withdrawn || attempt.documentSent || attempt.lost !== 'no') return;
    attempt.withdrawn = true;
    this.state = 'queued';
  }

  open(index: number, folder: number, have: Have): string {
    const attempt = this.#at(index);
    if (attempt.result !== null) return 'accepted';
    if (attempt.withdrawn || attempt.lost === 'state') return 'withdrawn';
    const cancel = this.cancelAsked || this.#newerHasDocument(index);
    if (!attempt.documentSent) {
      attempt.documentSent = true;
      attempt.folder = folder;
      this.state = 'running';
      return have === 'claimed' ? 'run with document' : 'run';
    }
    if (attempt.folder !== folder) {
      this.loseFolder(index);
      return 'withdrawn';
    }
    if (have !== 'claimed') return cancel ? 'cancel' : 'run';
    const givenUp =
      attempt.lost === 'agent' &&
      (this.state === 'queued' || this.state === 'offered' || index < this.attempts.length - 1);
    return cancel || givenUp || !this.secrets ? 'cancel' : 'run with document';
  }

  result(index: number, outcome: ReferenceOutcome): void {
    const attempt = this.#at(index);
    if (attempt.result !== null || attempt.withdrawn) return;
    attempt.result = outcome;
    if (attempt.lost !== 'state') this.#end(index, outcome, attempt.lost === 'agent');
    this.#wipe();
  }

  #end(index: number, outcome: ReferenceOutcome, late: boolean): void {
    if (this.#newerHasDocument(index) || this.#settled()) return;
    if (this.state === 'lost-correctable' && !late) return;
    const stay = () => {
      if (this.state === 'lost-correctable') this.state = 'lost-final';
    };
    switch (outcome) {
      case 'succeeded':
        return this.#finish('succeeded');
      case 'cancelled':
        return late && !this.cancelAsked ? stay() : this.#finish('cancelled');
      case 'failed':
        return !late && this.#retry() ? undefined : this.#finish('failed');
      case 'lost':
        if (!late && this.#retry()) return;
        return late ? stay() : this.#finish('lost-final');
      case 'never-started':
        if (late) return stay();
        if (this.cancelAsked) return this.#finish('cancelled');
        if (this.neverStarted === neverStartedLimit) return this.#finish('failed');
        this.neverStarted++;
        this.state = 'queued';
    }
  }

  loseFolder(index: number): void {
    const attempt = this.#at(index);
    if (attempt.result !== null || attempt.withdrawn || attempt.lost === 'state') return;
    const late = attempt.lost === 'agent';
    attempt.lost = 'state';
    if (!this.#newerHasDocument(index) && !this.#settled()) {
      if (!late && !this.#retry()) this.#finish('lost-final');
      if (late && this.state === 'lost-correctable') this.state = 'lost-final';
    }
    this.#wipe();
  }

  silence(index: number): void {
    const attempt = this.#at(index);
    if (!attempt.documentSent || attempt.result !== null || attempt.lost !== 'no') return;
    attempt.lost = 'agent';
    if (this.state === 'running' && !this.#retry()) this.state = 'lost-correctable';
  }

  cancel(): void {
    if (this.#settled()) return;
    this.cancelAsked = true;
    if (this.state === 'queued' || this.state === 'offered') {
      this.#finish(this.#lostMayReturn() ? 'lost-correctable' : 'cancelled');
    }
  }

  expire(): void {
    if (this.state === 'queued') this.#finish(this.#lostMayReturn() ? 'lost-correctable' : 'failed');
  }

  closeWindow(): void {
    if (this.#settled() || this.state === 'lost-correctable') this.secrets = false;
  }

  #at(index: number): ReferenceAttempt {
    const attempt = this.attempts[index];
    if (attempt === undefined) throw new Error(`no attempt ${index}`);
    return attempt;
  }

  #newerHasDocument(index: number): boolean {
    return this.attempts.slice(index + 1).some(({ documentSent }) => documentSent);
  }

  #lostMayReturn(): boolean {
    return this.attempts.some(
      ({ lost, result }, index) => lost === 'agent' && result === null && !this.#newerHasDocument(index),
    );
  }

  #settled(): boolean {
    return !['queued', 'offered', 'running', 'lost-correctable'].includes(this.state);
  }

  #retry(): boolean {
    if (!this.#retrySafe || this.retries > 0 || this.cancelAsked) return false;
    this.retries++;
    this.state = 'queued';
    return true;
  }

  #finish(state: ReferenceState): void {
    for (const attempt of this.attempts) {
      if (!attempt.documentSent && attempt.lost === 'no') attempt.withdrawn = true;
    }
    this.state = state;
    this.#wipe();
  }

  #wipe(): void {
    if (!this.#settled() && this.state !== 'lost-correctable') return;
    const out = this.attempts.some(
      ({ documentSent, result, lost }) => documentSent && result === null && lost !== 'state',
    );
    if (!out) this.secrets = false;
  }
}
