import type { z } from 'zod';
import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import type { Harvest } from './harvest.ts';
import type { NeededProgram } from './prepared-command.ts';
import type { ProbePlan } from './probe-plan.ts';
import type { Refusal } from './refusal.ts';
import type { Template } from './template.ts';

export interface RecipeContext {
  /** Where the command's files are, absolute: the attempt's folder, or one of the user that the job runs as. */
  readonly folder: string;
  /** Id of the job. */
  readonly job: string;
  /** Folder of the automation's file, absolute. */
  readonly home: string;
  /** With the defaults of the schema. */
  readonly parameters: JsonObject;
  readonly secretNames: readonly string[];
  /** Fills in one template: exactly one string, whatever the values hold. */
  render(template: Template): { readonly type: 'rendered'; readonly text: string } | Refusal;
  /** The same, but a template that is nothing but one reference becomes the value itself: a number, a list, an object. */
  renderValue(template: Template): { readonly type: 'rendered'; readonly value: JsonValue } | Refusal;
}

/** The part of a prepared command that is up to the kind. */
export interface RecipeCommand {
  readonly type: 'prepared';
  readonly argv: readonly [string, ...string[]];
  readonly files: readonly { readonly name: string; readonly content: string; readonly executable: boolean }[];
  /** Variables of the kind's own. What the automation's file sets stands against them. */
  readonly environment?: Readonly<Record<string, string>>;
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
  /** Templates of the recipe, whose references are checked by whoever reads the file. */
  readonly templates: readonly {
    readonly path: FilePath;
    readonly template: Template;
    /** It becomes a variable of the environment; everything else may become an argument, and holds no secret. */
    readonly secretsAllowed?: boolean;
  }[];
  /** Programs that its command is or starts in its turn: without one of them nothing is started. */
  readonly needs: readonly NeededProgram[];
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
  /** A file that says no kind is of this one when it has one of these keys. */
  readonly saidBy: readonly string[];
  /** Between TERM and KILL where the file does not say; null leaves it to the agent. */
  readonly graceSeconds: number | null;
  /** Its command needs nothing of the agent's machine but what is in its arguments, variables and files, and leaves nothing but `FARHAND_OUTPUTS`. */
  readonly isPortable: boolean;
  /** How the end of its command is read; null: the program itself writes `FARHAND_OUTPUTS`. */
  readonly harvest: Harvest | null;
  /** Takes the values that the schemas of its own and of the common keys answered. `home`: the folder of the file, absolute. */
  read(values: unknown, place: { readonly home: string }): RecipeReading;
}
