import type { AutomationSummary } from '../../protocol/automation-summary.ts';
import type { JsonSchemaValidator } from '../../protocol/json-schema.ts';
import type { ExecutorKind, ExecutorPlan } from '../executors/executor-kind.ts';
import type { Recipe } from './automation-kind.ts';
import type { Hook } from './hook.ts';
import type { NeededProgram } from './prepared-command.ts';
import type { ProbePlan } from './probe-plan.ts';
import type { Template } from './template.ts';

/** What to do with a log over its limit: stop the job, or go on and count what is dropped. */
export type LogOverflow = 'fail' | 'gap';

/** An automation as it was read from its file: checked, immutable. A job keeps the one it started with. */
export interface Automation {
  readonly name: string;
  readonly kind: string;
  readonly description: string | null;
  /** SHA-256 of the file in canonical form. */
  readonly digest: string;
  /** Path of the file. */
  readonly file: string;
  /** What stood in it. */
  readonly text: string;
  /** What the agent tells the hub of it. */
  readonly summary: AutomationSummary;
  /** Who runs it, and what that made of its block. */
  readonly executor: ExecutorKind;
  readonly executorPlan: ExecutorPlan;
  /** What the kind made of its own keys. */
  readonly recipe: Recipe;
  /** Programs of the kind's own keys: without one of them nothing is started. Those of hooks are not among them. */
  readonly needs: readonly NeededProgram[];
  /** Applies defaults; null takes any object. */
  readonly parameters: JsonSchemaValidator | null;
  readonly outputs: JsonSchemaValidator | null;
  /** The most a job may take; null does not bound it. */
  readonly timeoutSeconds: number | null;
  /** Between TERM and KILL; null leaves it to the agent. */
  readonly graceSeconds: number | null;
  readonly retrySafe: boolean;
  /** At the same time on this agent; null does not bound it. */
  readonly maxConcurrent: number | null;
  readonly log: { readonly limitBytes: number | null; readonly over: LogOverflow };
  readonly environment: ReadonlyMap<string, Template>;
  /** Names of variables of the agent's own environment to pass on. */
  readonly inherit: readonly string[];
  /** Relative to the attempt's folder, or absolute. */
  readonly workingDirectory: string;
  /** The user of this machine that runs it; null for the agent's own. */
  readonly user: string | null;
  /** Runs before the command and may refuse the job. */
  readonly before: Hook | null;
  /** Runs when the command was started and has ended. */
  readonly after: Hook | null;
  /** Null for what jobs run. What has one is run by the agent itself, and by no job. */
  readonly probe: ProbePlan | null;
}
