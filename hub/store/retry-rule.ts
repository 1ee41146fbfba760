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

/** How often a job goes back to the queue because its command was proved never to have started. */
export const maxNeverStarted = 10;
