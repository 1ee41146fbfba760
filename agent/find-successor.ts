import type { Clock } from '../runtime/clock.ts';
import { sleep } from '../runtime/sleep.ts';
import type { LinkFailure } from './greeted-channel.ts';
import type { ReturnWait } from './return-wait.ts';
import type { GreetedWay } from './ways/open-ways.ts';

export interface SuccessorOptions {
  /** One try to open a channel. Never rejects. */
  readonly open: () => Promise<GreetedWay | LinkFailure>;
  /** When the leaving hub asks for the first try. */
  readonly afterMs: number;
  readonly wait: ReturnWait;
  readonly clock: Clock;
  readonly onFailed: (failure: LinkFailure, waitMs: number) => void;
  /** Aborts when the channel of the leaving hub has ended: a try under way is finished, and none follows. */
  readonly signal: AbortSignal;
}

/**
 * Looks for the channel that takes over from one whose hub is leaving, while that one still serves. Resolves with null when the old one ended first:
 * then dialling is its owner's affair again.
 */
export async function findSuccessor(options: SuccessorOptions): Promise<GreetedWay | null> {
  const { open, wait, clock, onFailed, signal } = options;
  for (let waitMs = wait.next(options.afterMs); ; ) {
    await sleep(clock, waitMs, signal);
    if (signal.aborted) return null;
    const opened = await open();
    if (opened.type === 'greeted') return opened;
    waitMs = wait.next(opened.hint);
    onFailed(opened, waitMs);
  }
}
