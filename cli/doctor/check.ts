/**
 * - `ok`: as it should be
 * - `warning`: it works, and may not for long, or not as meant
 * - `fault`: it cannot work like this
 * - `skipped`: nobody looked, because something else has to be mended first
 */
export type Verdict = 'ok' | 'warning' | 'fault' | 'skipped';

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** What is so, in one sentence. Never holds a secret. */
  readonly message: string;
  /** How to mend it, with the command or variable; null where nothing is to be mended. */
  readonly remedy: string | null;
  /** Whether it is about reaching the hub and being let in, or about this machine and its configuration. */
  readonly about: 'hub' | 'machine';
}

/** Something to look at. It changes nothing. */
export interface Check {
  readonly name: string;
  readonly about: Finding['about'];
  /** Resolves with what it found, mostly one thing. `signal` aborts when its time is over. */
  look(signal: AbortSignal): Promise<readonly Found[] | Found>;
}

/** A finding before it is known whose it is. */
export type Found = Omit<Finding, 'check' | 'about'> & { readonly check?: string };

export function ok(message: string): Found {
  return { verdict: 'ok', message, remedy: null };
}

export function warning(message: string, remedy: string): Found {
  return { verdict: 'warning', message, remedy };
}

export function fault(message: string, remedy: string): Found {
  return { verdict: 'fault', message, remedy };
}

export function skipped(message: string): Found {
  return { verdict: 'skipped', message, remedy: null };
}
