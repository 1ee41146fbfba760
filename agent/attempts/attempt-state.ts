import type { Execution } from '../executors/executor.ts';
import type { ClaimRecord, DocumentRecord, IntentCause, ResultRecord } from './attempt-records.ts';
import type { Ending } from './ending.ts';

/**
 * Where an attempt stands on this agent.
 *
 * - `found`: nothing was read or written yet. Left by making the claim, or by recovery, whose table is `recoverAttempt`
 * - `claimed`: the claim is durable, and nothing else. The hub may still give the job elsewhere. Left by its `job` (to
 *   `running`, or to `holding` when there is nothing to run), or by its word that the attempt was withdrawn
 * - `running`: `document.json` is durable and the wrapper was spawned or adopted; whether the command has begun is known once
 *   `startedAt` is there. Left when the wrapper ends (`clearing`) or has to be stopped (`stopping`)
 * - `stopping`: the intent is durable, signals are on their way. Left when nothing of the tree is alive, or the bound is over
 * - `clearing`: the wrapper ended; what it left running is being ended
 * - `sealing`: nothing writes any more, the end is known, the length of `raw` is fixed. Waits for the secrets where an earlier
 *   process had them. Left when `result.json` is durable
 * - `holding`: `result.json` is being delivered. Left by the hub's `accepted`
 * - `gone`: the folder is freed (a tombstone stands for it where the hub accepted a result). The end
 */
export type AttemptState =
  | { readonly type: 'found' }
  | { readonly type: 'claimed'; readonly claim: ClaimRecord }
  | {
      readonly type: 'running';
      readonly claim: ClaimRecord;
      readonly record: DocumentRecord;
      readonly execution: Execution;
      readonly startedAt: number | null;
    }
  | {
      readonly type: 'stopping';
      readonly claim: ClaimRecord;
      readonly record: DocumentRecord;
      readonly execution: Execution;
      readonly intent: IntentCause;
      readonly startedAt: number | null;
    }
  | {
      readonly type: 'clearing';
      readonly claim: ClaimRecord;
      readonly record: DocumentRecord;
      readonly startedAt: number | null;
    }
  | {
      readonly type: 'sealing';
      readonly claim: ClaimRecord;
      readonly record: DocumentRecord;
      readonly startedAt: number | null;
      readonly ending: Ending;
      readonly rawBytes: number;
      readonly escaped: number;
      readonly endedAt: number;
      /** Everything that was written was seen by this boot, so all of it is there. */
      readonly sameBoot: boolean;
      /** The disk was found full while it ran. */
      readonly spoolWasFull: boolean;
    }
  | {
      readonly type: 'holding';
      readonly claim: ClaimRecord;
      /** Null when it ended before there was one. */
      readonly record: DocumentRecord | null;
      readonly held: ResultRecord;
    }
  | { readonly type: 'gone' };

/** The attempt still needs what a running job needs. */
export function isWorking(state: AttemptState): boolean {
  return state.type !== 'holding' && state.type !== 'gone';
}

/** Nothing of the stream is worth sending: the command never ran. */
export function hasNoStream(held: ResultRecord): boolean {
  return held.result.started === false;
}
