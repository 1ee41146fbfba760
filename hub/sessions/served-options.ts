import type { RunnerWishes } from './runner-wishes.ts';
import type { SessionOptions } from './session-options.ts';

/** What one session has, besides what all of them have. */
export interface ServedOptions extends SessionOptions {
  readonly wishes: RunnerWishes;
  /** Called when its attempt is served on it. */
  readonly onServed: () => void;
}
