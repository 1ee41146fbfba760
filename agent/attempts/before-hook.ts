import type { HookPlan } from '../automations/hook.ts';
import type { Preparation } from '../automations/preparation.ts';
import { prepareHook } from '../automations/prepare-hook.ts';
import type { Execution } from '../executors/execution.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { AttemptFolder } from './attempt-folder.ts';
import type { RunTerms } from './attempt-records.ts';
import type { Ending } from './ending.ts';
import { describeHookEnd, type HookEnd, HookRun } from './hook-run.ts';

/** The `before` hook of one attempt, on its way. */
export interface BeforeHook {
  readonly run: HookRun;
  /** Why the command is not started after it; null when it may be. */
  judge(end: HookEnd): Ending | null;
}

/** Starts the hook, or says why the job is refused already. The attempt's document is durable. */
export function startBefore(
  context: AttemptContext,
  options: {
    readonly folder: AttemptFolder;
    readonly plan: HookPlan;
    readonly terms: RunTerms;
    readonly preparation: Preparation;
    readonly look: () => Promise<void>;
  },
): BeforeHook | Ending {
  const { folder, plan, terms, preparation, look } = options;
  const prepared = prepareHook('before', plan, { preparation, variables: {} });
  if (prepared.type === 'refused') return { type: 'refused', cause: 'before-hook', message: prepared.message };
  const timeoutMs = Math.min(plan.timeoutMs, terms.timeoutMs ?? Number.POSITIVE_INFINITY);
  const graceMs = terms.graceMs ?? context.limits.graceMs;
  const { command } = prepared;
  const run = new HookRun({ context, folder, name: 'before', command, timeoutMs, graceMs, logFrom: 0, look });
  return {
    run,
    judge(end) {
      const message = describeHookEnd('before', end, timeoutMs);
      if (message === null) return null;
      return end.type === 'not-started' && end.fault === 'environment'
        ? { type: 'never-started', cause: 'start-failed', message }
        : { type: 'refused', cause: 'before-hook', message };
    },
  };
}

/**
 * What an earlier agent's `before` hook left running, for an attempt whose command will never start: null when there is nothing. One that
 * was spawned and has not begun never will.
 */
export async function findLeftBefore(context: AttemptContext, folder: AttemptFolder): Promise<Execution | null> {
  const target = folder.hookTarget('before');
  if ((await context.fs.lstat(target.folder)) === null) return null;
  await context.spool.withReserve(async () => {
    await context.executors.local.takeFence(target);
  });
  return context.executors.local.adopt(target);
}
