import type { Cause } from '../../protocol/cause.ts';

/** What decides whether a job may be tried again after its command may have run. */
export interface RetrySituation {
  readonly cause: Cause;
  /** The automation says that running it twice does no harm. */
  readonly retrySafe: boolean;
  readonly retry: { readonly limit: number; readonly on: readonly Cause[] };
  readonly retriesUsed: number;
  readonly cancelRequested: boolean;
}

/** All must hold. A job that was asked to be cancelled is never tried again. */
export function mayRetry(situation: RetrySituation): boolean {
  return (
    situation.retrySafe &&
    situation.retry.on.includes(situation.cause) &&
    situation.retriesUsed < situation.retry.limit &&
    !situation.cancelRequested
  );
}

/**
 * Whether an attempt may be run twice without harm. An automation that its agent offers now speaks for itself, in that very form; of one that is not offered
 * counts what was said when the attempt was: an agent that came back may still be trying it.
 */
export function isRetrySafe(
  attempt: { readonly digest: string | null; readonly retrySafe: boolean },
  offered: { readonly digest: string; readonly retrySafe: boolean } | undefined,
): boolean {
  if (offered === undefined) return attempt.retrySafe;
  return offered.retrySafe && (attempt.digest === null || offered.digest === attempt.digest);
}

/** How often a job goes back to the queue because its command was proved never to have started. */
export const maxNeverStarted = 10;
