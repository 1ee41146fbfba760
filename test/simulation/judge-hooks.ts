import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { type AutomationTerms, automationTerms, hookTimeoutMs } from './automations.ts';
import type { Evidence, Programs } from './evidence.ts';
import type { RunTruth } from './run-truth.ts';
import type { PlannedJob } from './schedule.ts';

/** What is wrong with the order in which the programs of an attempt ran, whatever is told of it. */
export function judgeOrder(
  { before, command, after }: Programs,
  { terms, wasFenced }: { readonly terms: AutomationTerms; readonly wasFenced: boolean },
): readonly string[] {
  const wrong: string[] = [];
  if (!terms.hasHooks && (before !== null || after !== null))
    wrong.push('a hook ran that its automation does not have');
  if (terms.hasHooks && command !== null) {
    if (before === null) wrong.push('its command ran without its before hook');
    else if (!endedWell(before)) wrong.push(`its command ran though its before hook ended with ${describe(before)}`);
    else if (isLater(before, command)) wrong.push('its command ran beside its before hook');
  }
  if (after !== null) {
    if (!wasFenced) wrong.push('its after hook ran though its command never started');
    if (command !== null && isLater(command, after)) wrong.push('its after hook ran beside its command');
  }
  return wrong;
}

/** From the spawn of a hook to its first act, and from its last to its record, at most. */
const slowestStepsMs = 2_500;

/** What is told of the hooks in the result of an attempt, against how they really went. */
export function judgeHooks(
  { before, after }: Programs,
  given: { readonly planned: PlannedJob; readonly result: AttemptResult; readonly evidence: Evidence },
): readonly string[] {
  const { planned, result, evidence } = given;
  const terms = automationTerms[planned.automation];
  const wrong: string[] = [];
  if (result.cause === 'before-hook') {
    if (!terms.hasHooks) wrong.push('it has no before hook');
    const allowedMs = Math.min(hookTimeoutMs, (planned.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000);
    const ranMs = before === null ? 0 : (before.endedAt ?? 0) - before.startedAt;
    if (before !== null && endedWell(before) && ranMs + slowestStepsMs < allowedMs && !evidence.had('kill-job'))
      wrong.push('its before hook ended well, and in time');
  }
  if (!terms.hasHooks || result.started !== true) return wrong;
  const isTold = result.message.includes('after hook');
  if (after === null) {
    if (!isTold) wrong.push('its after hook did not run, and nobody says so');
    return wrong;
  }
  if (!endedWell(after) && !isTold) wrong.push(`its after hook ended with ${describe(after)}, and nobody says so`);
  // What it was told may have been forgotten with the power.
  if (result.cause === 'spool-full' || evidence.hadPowerLossOfAgent) return wrong;
  if (after.toldOutcome !== result.outcome) wrong.push(`its after hook was told "${after.toldOutcome}"`);
  if (after.toldExitCode !== (result.exitCode === null ? null : String(result.exitCode)))
    wrong.push(`its after hook was told of exit code ${after.toldExitCode}`);
  return wrong;
}

function endedWell({ end }: RunTruth): boolean {
  return end?.type === 'exit' && end.status === 0;
}

function isLater(first: RunTruth, second: RunTruth): boolean {
  return first.endedAt === null || first.endedAt > second.startedAt;
}

function describe({ end }: RunTruth): string {
  return JSON.stringify(end);
}
