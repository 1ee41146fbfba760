import type { z } from 'zod';
import type { ProbePlan } from './probe-plan.ts';
import type { Refusal } from './refusal.ts';
import type { Template } from './template.ts';

export interface RecipeContext {
  /** The attempt's folder, absolute. */
  readonly folder: string;
  /** Fills in one template: exactly one string, whatever the values hold. */
  render(template: Template): { readonly type: 'rendered'; readonly text: string } | Refusal;
}

/** The part of a prepared command that is up to the kind. */
export interface RecipeCommand {
  readonly type: 'prepared';
  readonly argv: readonly [string, ...string[]];
  readonly files: readonly { readonly name: string; readonly content: string; readonly executable: boolean }[];
}

/** What the kind made of its keys in one file, ready to become a command. */
export interface Recipe {
  prepare(context: RecipeContext): RecipeCommand | Refusal;
}

/** Where something stands in a file: keys and indexes from the top. */
export type FilePath = readonly (string | number)[];

export interface FileFault {
  readonly path: FilePath;
  /** What of it to point at; the value when not given. */
  readonly part?: 'key' | 'value';
  readonly message: string;
}

export interface RecipeReading {
  readonly recipe: Recipe;
  /** Templates of the recipe, whose references are checked by whoever reads the file. They become arguments: no secrets. */
  readonly templates: readonly { readonly path: FilePath; readonly template: Template }[];
  /** What the schema cannot say. */
  readonly faults: readonly FileFault[];
  /** Of a kind that no job runs: the agent runs it by itself. */
  readonly probe?: ProbePlan;
}

/** A way to run an automation, known by the `kind` of its file. */
export interface AutomationKind {
  readonly name: string;
  /** Keys of its own beside those that all automations have. A description says how to write the value. */
  readonly keys: z.ZodRawShape;
  /** Takes the values that its keys' schemas answered. */
  read(values: unknown): RecipeReading;
}
