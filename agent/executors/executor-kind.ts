import type { z } from 'zod';
import type { JsonObject } from '../../protocol/json.ts';
import type { FileFault, RecipeContext, RecipeReading } from '../automations/automation-kind.ts';
import type { Refusal } from '../automations/refusal.ts';

/** What differs between executors for who writes an automation, as data. */
export interface ExecutorCapabilities {
  /**
   * Its commands are processes of the agent's machine: they find its programs and files, and get PATH, HOME, LANG, TZ and TMPDIR of the
   * agent. Elsewhere only kinds run that need nothing of the machine, with the variables of the job and those that `inherit` names.
   */
  readonly sharesMachine: boolean;
  /** It can run a command as another user of the machine (`user`). */
  readonly runsAsUser: boolean;
  /** It can end a log at a limit and let the command go on (`log.over: gap`). */
  readonly limitsOutput: boolean;
  /** A restart of the agent's machine ends nothing, and what it keeps in the attempt's folder is flushed before it counts. */
  readonly outlivesBoot: boolean;
  /** A command may wait for a place to run, for which there is a bound of its own: its time counts from its start, not from when it was asked for. */
  readonly waitsForPlace: boolean;
  /** Where a command finds the files of its job: an absolute path, or null for the attempt's folder itself. */
  readonly jobFolder: string | null;
}

/** What the executor made of its block in one file. */
export interface ExecutorPlan {
  /** `settings`: what `Executor.start` is given in `PreparedCommand.settings`, checked. Pure; a refusal's message holds no secret. */
  prepare(
    context: Pick<RecipeContext, 'render' | 'renderValue'>,
  ): { readonly type: 'prepared'; readonly settings: JsonObject } | Refusal;
}

/** As of a kind's reading, with paths that begin with the name of the block. */
export interface ExecutorReading extends Pick<RecipeReading, 'templates'> {
  readonly plan: ExecutorPlan;
  /** What the schema cannot say. */
  readonly faults: readonly FileFault[];
}

/** An executor as automations know it, by the value of their `executor`: known also where it cannot run anything now. */
export interface ExecutorKind {
  readonly name: string;
  readonly capabilities: ExecutorCapabilities;
  /** Keys of its block, which is called like the executor; null: it has none. A description says how to write the value. */
  readonly keys: z.ZodRawShape | null;
  /** Takes the values that the schema of `keys` answered, `{}` where the file has no block. */
  read(values: unknown): ExecutorReading;
}
