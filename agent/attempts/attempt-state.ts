import type { Execution } from '../executors/execution.ts';
import type { AfterRecord, ClaimRecord, DocumentRecord, IntentCause, ResultRecord } from './attempt-records.ts';
import type { Ending, OutputsFound } from './ending.ts';

/** What is known when the command's part is over. */
export interface AttemptEnd {
  readonly claim: ClaimRecord;
  readonly record: DocumentRecord;
  readonly startedAt: number | null;
  readonly ending: Ending;
  /** When its end was written down; null where nobody did. */
  readonly recordedAt: number | null;
  readonly escaped: number;
  /** Everything that was written was seen by this boot, so all of it is there. */
  readonly sameBoot: boolean;
}

/**
 * Where an attempt stands on this agent.
 *
 * - `found`: nothing was read or written yet. Left by making the claim, or by recovery, whose table is `recoverAttempt`
 * - `claimed`: the claim is durable, and nothing else. The hub may still give the job elsewhere. Left by its `job` (to
 *   `running`, or `preparing`, or to `holding` when there is nothing to run), or by its word that the attempt was withdrawn
 * - `preparing`: `document.json` is durable and the `before` hook runs; nothing else was started. Left when the hook ended: to `running`, or to
 *   `sealing` or `holding` when it refused the job or an intent came meanwhile
 * - `running`: `document.json` is durable and the wrapper was spawned or adopted; whether the command has begun is known once
 *   `startedAt` is there. Left when the wrapper ends (`clearing`) or has to be stopped (`stopping`)
 * - `stopping`: the intent is durable, signals are on their way. Left when nothing of the tree is alive, or the bound is over
 * - `clearing`: the wrapper ended; what it left running is being ended
 * - `cleaning`: the command's part is over and its end known; the `after` hook runs, or waits for the secrets where an earlier process had
 *   them. Left when the hook ended or cannot run
 * - `sealing`: nothing writes any more, the end is known, the length of `raw` is fixed. Waits for the secrets where an earlier
 *   process had them. Left when `result.json` is written
 * - `holding`: `result.json` is being delivered. Left by the hub's `accepted`
 * - `gone`: the folder is freed (a tombstone stands for it where the hub accepted a result). The end
 */
export type AttemptState =
  | { readonly type: 'found' }
  | { readonly type: 'claimed'; readonly claim: ClaimRecord }
  | {
      readonly type: 'preparing';
      readonly claim: ClaimRecord;
      readonly record: DocumentRecord;
      /** The command will not be started, for this reason. */
      readonly intent: IntentCause | null;
    }
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
  | (AttemptEnd & {
      readonly type: 'cleaning';
      readonly commandBytes: number;
      /** What an earlier agent wrote before it began the hook. */
      readonly marker: AfterRecord | null;
    })
  | (AttemptEnd & {
      readonly type: 'sealing';
      /** Length of `raw` when the command's part of it ended. */
      readonly commandBytes: number;
      readonly rawBytes: number;
      readonly endedAt: number;
      /** The disk was found full while it ran. */
      readonly spoolWasFull: boolean;
      /** What was found before the `after` hook ran; null where that is to be done. */
      readonly outputs: OutputsFound | null;
      /** What else is to be said, such as how the `after` hook failed. */
      readonly note: string | null;
    })
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

/** There is no stream: the command never ran, and no hook printed anything. */
export function hasNoStream(held: ResultRecord): boolean {
  return held.result.started === false && held.result.log.bytes === 0;
}
