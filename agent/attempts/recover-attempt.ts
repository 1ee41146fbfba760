import type { CommandEnd } from '../executors/command-end.ts';
import type { FenceState } from '../executors/executor.ts';
import type { IntentCause, ResultRecord } from './attempt-records.ts';
import { type Ending, endingOf } from './ending.ts';

/** What an agent that has just started finds of an attempt. */
export interface Found {
  readonly tombstone: boolean;
  readonly result: ResultRecord | null;
  /** Whether there is a `document.json`, and whether it was written since the last end of whatever its command runs on: of the machine, mostly. */
  readonly document: 'none' | 'this-boot' | 'another-boot';
  readonly intent: IntentCause | null;
  /** Looked at before `end` was read: an end that comes between a living command and its death is not missed. */
  readonly fence: FenceState;
  readonly end: CommandEnd | null;
}

/**
 * - `take-fence`: nothing says that it started; take the fence, then look and decide again
 * - `adopt`: something of it may be alive; watch it, and when there is nothing to watch decide again with `nothingAlive`
 * - `finish`: nothing more will happen; `clear` what is left, seal
 */
export type Recovery =
  | { readonly type: 'delete' }
  | { readonly type: 'deliver'; readonly record: ResultRecord }
  | { readonly type: 'open-claimed' }
  | { readonly type: 'take-fence' }
  | { readonly type: 'adopt' }
  | { readonly type: 'finish'; readonly ending: Ending };

function unborn(intent: IntentCause | null): Ending {
  return intent === null
    ? {
        type: 'never-started',
        cause: 'start-failed',
        message: 'the agent was restarted before the program was started',
      }
    : { type: 'stopped-unborn', intent };
}

function withoutRecord(intent: IntentCause | null): Ending {
  return intent === null
    ? { type: 'process-lost', started: true }
    : { type: 'stopped', intent, status: null, started: true };
}

function afterAnotherBoot(fence: FenceState, intent: IntentCause | null): Ending {
  switch (fence.type) {
    case 'none':
      return { type: 'process-lost', started: 'unknown' };
    case 'recovered':
      return unborn(intent);
    case 'started':
    case 'unreadable':
      return { type: 'process-lost', started: true };
  }
}

/**
 * The table of `docs/attempts.md` §4, top to bottom, first match. Pure: looking and acting is the caller's.
 * `nothingAlive` says that an adoption was tried after `found` was gathered, and found nothing.
 */
export function recoverAttempt(found: Found, nothingAlive: boolean): Recovery {
  if (found.tombstone) return { type: 'delete' };
  if (found.result !== null) return { type: 'deliver', record: found.result };
  if (found.document === 'none') return { type: 'open-claimed' };
  if (found.document === 'another-boot' && found.end === null) {
    return { type: 'finish', ending: afterAnotherBoot(found.fence, found.intent) };
  }
  if (found.document === 'this-boot' && found.fence.type === 'none' && found.end === null)
    return { type: 'take-fence' };
  if (found.fence.type === 'recovered') return { type: 'finish', ending: unborn(found.intent) };
  const mayLive =
    found.document === 'this-boot' &&
    (found.fence.type === 'unreadable' || (found.fence.type === 'started' && found.fence.alive));
  if (mayLive && !nothingAlive) return { type: 'adopt' };
  if (found.end !== null) return { type: 'finish', ending: endingOf(found.end, found.intent) };
  return { type: 'finish', ending: withoutRecord(found.intent) };
}
