import type { z } from 'zod';
import type { JsonObject } from '../../protocol/json.ts';
import type { NeededProgram } from './prepared-command.ts';
import type { Refusal } from './refusal.ts';
import type { Template } from './template.ts';

export interface RecipeContext {
  /** The attempt's folder, absolute. */
  readonly folder: string;
  /** With the defaults of the schema. */
  readonly parameters: JsonObject;
  readonly secretNames: readonly string[];
  /** Fills in one template: exactly one string, whatever the values hold. */
  render(template: Template): { readonly type: 'rendered'; readonly text: string } | Refusal;
}

/** The part of a prepared command that is up to the kind. */
export interface RecipeCommand {
  readonly type: 'prepared';
  readonly argv: readonly [string, ...string[]];
  readonly files: readonly { readonly name: string; readonly content: string; readonly executable: boolean }[];
  /** Programs that it starts in its turn: without one of them nothing is started. */
  readonly needs?: readonly NeededProgram[];
}

/** What the kind made of its keys in one file, ready to become a command. */
export interface Recipe {
  prepare(context: RecipeContext): RecipeCommand | Refusal;
  /** What the program's exit statuses mean, for the message of a job that failed. */
  readonly exitMeanings?: Readonly<Record<number, string>>;
  /** Outputs of a program that failed count too. Otherwise only those of a success do. */
  readonly outputsOnFailure?: boolean;
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
}

/** A way to run an automation, known by the `kind` of its file. */
export interface AutomationKind {
  readonly name: string;
  /** Keys of its own beside those that all automations have. A description says how to write the value. */
  readonly keys: z.ZodRawShape;
  /** Takes the values that the schemas of its own and of the common keys answered. `home`: the folder of the file, absolute. */
  read(values: unknown, place: { readonly home: string }): RecipeReading;
}
