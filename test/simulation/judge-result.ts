import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { automationTerms, limitBytes } from './automations.ts';
import type { Evidence, Programs } from './evidence.ts';
import { areInvalidOutputs, areOutputs } from './judge-outputs.ts';
import type { RunTruth } from './run-truth.ts';
import type { PlannedJob } from './schedule.ts';
import type { SimulatedPod } from './simulated-pod.ts';

export interface ResultCase {
  readonly planned: PlannedJob;
  readonly result: AttemptResult;
  readonly programs: Programs;
  /** Those that it was handed over to. */
  readonly pods: readonly SimulatedPod[];
  readonly evidence: Evidence;
}

/** From the spawn, at which the agent begins to count, to the first act of the program, at most. */
const slowestStartMs = 2_500;

/** A result against what really ran. */
export function judgeResult(given: ResultCase): readonly string[] {
  const { planned, result, programs, pods, evidence } = given;
  const { command: run } = programs;
  const terms = automationTerms[planned.automation];
  const really = run === null ? 'it never ran' : `it really ended with ${JSON.stringify(run.end)}`;
  const wrong = run !== null && run.end === null ? ['it still runs'] : [];
  switch (result.cause) {
    case 'exit-code':
    case 'signal':
      if (!isExit(run, result)) return [...wrong, really];
      if ((result.outcome === 'succeeded') !== (result.exitCode === 0)) return [...wrong, 'that is no success, or one'];
      return [...wrong, ...judgeOutputs(given)];
    case 'outputs-invalid':
      if (!isExit(run, result) || result.exitCode !== 0) return [...wrong, really];
      return areInvalidOutputs(run?.outputs ?? null) || mayLackOutputs(evidence)
        ? wrong
        : [...wrong, 'its outputs fit'];
    case 'before-hook':
      return run === null ? wrong : [...wrong, really];
    case 'cancelled':
      return wasOverBeforeIntent(run) ? [...wrong, really] : wrong;
    case 'timeout': {
      const ranMs = run === null ? null : (run.endedAt ?? 0) - run.startedAt;
      const allowedMs = (planned.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000;
      if (ranMs !== null && ranMs + slowestStartMs < allowedMs)
        return [...wrong, `it had ${allowedMs} ms, and ran ${ranMs}`];
      return wasOverBeforeIntent(run) ? [...wrong, really] : wrong;
    }
    case 'log-limit': {
      const printed = (programs.before?.output.length ?? 0) + (run?.output.length ?? 0);
      return terms.over === 'fail' && printed > limitBytes ? wrong : [...wrong, 'its log was short enough'];
    }
    case 'spool-full':
      return evidence.hadFullDisk ? wrong : [...wrong, 'its disk was never full'];
    case 'process-lost':
      if (evidence.hadPowerLossOfAgent || evidence.hadCopy || (pods.some((pod) => pod.wasCut) && !wasRecorded(run)))
        return wrong;
      if (wasRecorded(run) || (run?.end?.type === 'exit' && !evidence.had('kill-job'))) return [...wrong, really];
      return wrong;
    case 'start-failed':
      return run === null ? wrong : [...wrong, really];
    case 'evicted':
    case 'pod-deleted':
    case 'node-lost':
      // Of one whose command never began: the rest is taken back.
      if (run !== null || result.outcome !== 'never-started') return [...wrong, really];
      return pods.some((pod) => pod.cause === result.cause) ? wrong : [...wrong, 'no pod of it ended so'];
    default:
      return [...wrong, 'that is no end'];
  }
}

/** A wrapper that swallowed a TERM before its command began tells of a signal, though nothing ran. */
export function isExit(run: RunTruth | null, { exitCode }: AttemptResult): boolean {
  if (run === null) return exitCode === 143;
  return run.end?.type === 'exit' && run.end.status === exitCode;
}

function judgeOutputs({ planned, result, programs, evidence }: ResultCase): readonly string[] {
  if (result.outcome !== 'succeeded') return result.outputs === null ? [] : ['it has outputs though it failed'];
  const text = programs.command?.outputs ?? null;
  if (areOutputs(result.outputs, { text, secret: planned.secret }) || mayLackOutputs(evidence)) return [];
  return [`its outputs are ${JSON.stringify(result.outputs)}, and it wrote ${JSON.stringify(text)}`];
}

/** Nobody flushes what a program writes besides its log; and without its secrets nothing of it is told. */
function mayLackOutputs(evidence: Evidence): boolean {
  return evidence.hadPowerLossOfAgent || evidence.hadCopy || evidence.isWindowShort || evidence.isRestored;
}

function wasRecorded(run: RunTruth | null): boolean {
  return run !== null && run.recordMarked !== null;
}

export function wasOverBeforeIntent(run: RunTruth | null): boolean {
  return run?.end?.type === 'exit' && run.recordMarked === false;
}
