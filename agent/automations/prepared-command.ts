import type { JsonObject } from '../../protocol/json.ts';
import type { JobUser } from './job-user.ts';

/** A command ready to be run: everything that the job's document decided is in it. Holds secrets: never logged. */
export interface PreparedCommand {
  /** Program and arguments. The program is a path or is looked up in `environment.PATH`. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment; nothing is inherited beside it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute, as the command sees it. */
  readonly workingDirectory: string;
  /** Written into the attempt's folder (or that of `runAs`) before the start, mode 0600 (0700 when executable). */
  readonly files: readonly { readonly name: string; readonly content: string; readonly executable: boolean }[];
  /** Programs that it is or starts in its turn: where the executor can look, nothing is started without one of them. */
  readonly needs?: readonly NeededProgram[];
  /** Where its output goes; without it all of it goes to `raw`. */
  readonly output?: CommandOutput;
  /** What the automation says in its executor's own block, filled in and checked. */
  readonly settings?: JsonObject;
  /** For a runner, which makes the command itself, with the secrets: in this one they are empty. Without it the agent's executor runs it. */
  readonly handover?: CommandHandover;
  /** How long it may take, and what it is given to end by itself, for whoever ends it when no agent is there to. Null: nobody said. */
  readonly bounds?: { readonly timeoutMs: number | null; readonly graceMs: number | null };
  /** Who runs it; without it the agent's own user does. */
  readonly runAs?: RunAs;
}

/** What a runner gets from the agent that gives it an attempt. */
export interface CommandHandover {
  /** Opens the sessions of this attempt, for whoever brings it first. */
  readonly ticket: string;
  /** `RunnerOrder`, as text. Holds no secret. */
  readonly order: string;
  /** The automation's name, and the text of its file. */
  readonly automation: { readonly name: string; readonly text: string };
}

/** Another user, and a folder that is made for that user: what is told of the attempt's own folder stays out of reach. */
export interface RunAs {
  readonly user: JobUser;
  /** Absolute; its parent is the agent's. */
  readonly folder: string;
}

/** A program by its path or its name in `environment.PATH`, and what to do where it is missing. */
export interface NeededProgram {
  readonly program: string;
  readonly remedy: string;
}

/** A file of the attempt, seen from the folder the command is started in: its own log, or for a hook the log one folder up. */
export interface CommandOutput {
  readonly file: 'raw' | '../raw';
  /** About where the file ends: what comes beyond is dropped and counted (`Executor.findGaps`). Null keeps all. */
  readonly limitBytes: number | null;
}
