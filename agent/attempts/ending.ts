import { constants } from 'node:os';
import type { AttemptResult, Outcome } from '../../protocol/attempt-result.ts';
import type { Cause } from '../../protocol/cause.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { CommandEnd } from '../executors/command-end.ts';
import type { PlatformCause } from '../executors/platform-cause.ts';
import type { IntentCause } from './attempt-records.ts';

/**
 * How an attempt ended, as far as its folder can say.
 *
 * - `refused`: the automation or the document stood against it before anything was started
 * - `never-started`: it did not start and never will, for a reason of this machine: another try may do
 * - `stopped-unborn`: the intent came before the start, and the fence says that there was none
 * - `exited`: there is an exit record, and no intent beats it
 * - `stopped`: the intent beats whatever the record says; `status` is null where there is no record
 * - `platform`: what ran it says why it ended, and no intent beats it
 * - `process-lost`: it ran, or may have, and left no record
 */
export type Ending =
  | { readonly type: 'refused'; readonly cause: Cause; readonly message: string }
  | { readonly type: 'never-started'; readonly cause: Cause; readonly message: string }
  | { readonly type: 'stopped-unborn'; readonly intent: IntentCause }
  | { readonly type: 'exited'; readonly status: number }
  | {
      readonly type: 'stopped';
      readonly intent: IntentCause;
      readonly status: number | null;
      readonly started: true | 'unknown';
    }
  | {
      readonly type: 'platform';
      readonly cause: PlatformCause;
      readonly message: string;
      readonly status: number | null;
      readonly started: true | 'unknown';
    }
  | { readonly type: 'process-lost'; readonly started: true | 'unknown' };

/** The command never ran and never will. */
export function isUnborn(ending: Ending): boolean {
  return ending.type === 'refused' || ending.type === 'never-started' || ending.type === 'stopped-unborn';
}

/** The command was started, for certain. */
export function wasBorn(ending: Ending): boolean {
  return !isUnborn(ending) && !('started' in ending && ending.started === 'unknown');
}

/** A program that printed over its limit and ended before anybody saw that has failed all the same. */
export function withinLimit(ending: Ending, rawBytes: number, limitBytes: number | null): Ending {
  if (ending.type !== 'exited' || limitBytes === null || rawBytes <= limitBytes) return ending;
  return { type: 'stopped', intent: 'log-limit', status: ending.status, started: true };
}

export type Verdict = Pick<
  AttemptResult,
  'outcome' | 'cause' | 'message' | 'started' | 'exitCode' | 'signal' | 'outputs'
>;

/** What the program left. `failed`: it ended otherwise than with 0, and its kind can say why, or counts its outputs all the same. */
export type OutputsFound =
  | { readonly type: 'valid'; readonly outputs: JsonObject | null }
  | { readonly type: 'failed'; readonly outputs: JsonObject | null; readonly why: string | null }
  | { readonly type: 'invalid'; readonly message: string };

/** The end against the intent: one with the mark came when the intent was there already, so the intent beats it. */
export function endingOf(end: CommandEnd, intent: IntentCause | null): Ending {
  const { status } = end;
  const started = end.type === 'exit' ? true : end.started;
  if (intent !== null && end.marked)
    return started === false ? { type: 'stopped-unborn', intent } : { type: 'stopped', intent, status, started };
  if (end.type === 'exit') return { type: 'exited', status: end.status };
  const { cause, message } = end;
  if (started === false) return { type: end.retrySafe ? 'never-started' : 'refused', cause, message };
  return { type: 'platform', cause, message, status, started };
}

/** The name of signal `status - 128` by the shell's convention; null when it is none. */
function signalOfStatus(status: number): string | null {
  if (status <= 128) return null;
  const entry = Object.entries(constants.signals).find(([, value]) => value === status - 128);
  return entry?.[0] ?? null;
}

const stops = {
  cancelled: { outcome: 'cancelled', cause: 'cancelled', why: 'a cancel was asked for' },
  timeout: { outcome: 'timed-out', cause: 'timeout', why: 'the time allowed was used up' },
  'log-limit': {
    outcome: 'failed',
    cause: 'log-limit',
    why: "the log grew over the automation's limit (log.limitBytes)",
  },
  'spool-full': { outcome: 'failed', cause: 'spool-full', why: 'the disk of the agent had no room left for the log' },
} as const satisfies Record<IntentCause, object>;

/** How a job ended whose command a platform ended for that cause. */
const platformOutcomes = {
  'out-of-memory': 'failed',
  'image-pull': 'failed',
  evicted: 'failed',
  unschedulable: 'failed',
  'node-lost': 'lost',
  'pod-deleted': 'failed',
  forbidden: 'failed',
  'cluster-quota': 'failed',
  'start-failed': 'failed',
  timeout: 'timed-out',
  'process-lost': 'lost',
} as const satisfies Record<PlatformCause, Outcome>;

function verdictOfExit(status: number, outputs: OutputsFound): Verdict {
  const signal = signalOfStatus(status);
  const base = { started: true, exitCode: status, signal, outputs: null } as const;
  const why = outputs.type === 'failed' && outputs.why !== null ? `: ${outputs.why}` : '';
  if (signal !== null) {
    return {
      ...base,
      outcome: 'failed',
      cause: 'signal',
      message: `the program was ended by ${signal} (exit status ${status})${why}`,
    };
  }
  if (status !== 0) {
    return {
      ...base,
      outcome: 'failed',
      cause: 'exit-code',
      message: `the program ended with exit status ${status}${why}`,
      outputs: outputs.type === 'failed' ? outputs.outputs : null,
    };
  }
  if (outputs.type === 'invalid') {
    return { ...base, outcome: 'failed', cause: 'outputs-invalid', message: outputs.message };
  }
  return {
    ...base,
    outcome: 'succeeded',
    cause: 'exit-code',
    message: 'the program ended with 0',
    outputs: outputs.type === 'valid' ? outputs.outputs : null,
  };
}

/** What the ending means for the job. */
export function toVerdict(ending: Ending, outputs: OutputsFound): Verdict {
  const nothing = { exitCode: null, signal: null, outputs: null } as const;
  switch (ending.type) {
    case 'refused':
      return { ...nothing, outcome: 'failed', cause: ending.cause, message: ending.message, started: false };
    case 'never-started':
      return { ...nothing, outcome: 'never-started', cause: ending.cause, message: ending.message, started: false };
    case 'stopped-unborn': {
      const { outcome, cause, why } = stops[ending.intent];
      return { ...nothing, outcome, cause, message: `stopped before the program was started: ${why}`, started: false };
    }
    case 'exited':
      return verdictOfExit(ending.status, outputs);
    case 'stopped': {
      const { outcome, cause, why } = stops[ending.intent];
      const signal = ending.status === null ? null : signalOfStatus(ending.status);
      return {
        outcome,
        cause,
        message: `stopped: ${why}`,
        started: ending.started,
        exitCode: ending.status,
        signal,
        outputs: null,
      };
    }
    case 'platform': {
      const { cause, message, status, started } = ending;
      const signal = status === null ? null : signalOfStatus(status);
      return { outcome: platformOutcomes[cause], cause, message, started, exitCode: status, signal, outputs: null };
    }
    case 'process-lost':
      return {
        ...nothing,
        outcome: 'lost',
        cause: 'process-lost',
        message:
          ending.started === true
            ? 'the program was started, is gone, and left no record of how it ended'
            : 'the machine was restarted, and what is left does not say whether the program was started',
        started: ending.started,
      };
  }
}
