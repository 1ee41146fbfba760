import type { JsonObject } from '../../protocol/json.ts';
import type { LeftFile } from './left-file.ts';

/** The content of a left file by its name; null where there is none that counts. */
export type LeftFiles = (name: string) => Buffer | null;

/**
 * What a kind makes of the files that its command left in the attempt's folder. Pure, so that another agent than the one that started
 * the command comes to the same: nothing but the files says how it went.
 */
export interface Harvest {
  /** Read when the command ended with 0. */
  readonly outputFiles: readonly LeftFile[];
  /** The outputs of a command that failed count too. */
  readonly outputsOnFailure: boolean;
  /** Throws `OutputsError` where the files are not what the command promised. Text in it is masked by the caller. */
  toOutputs(files: LeftFiles): JsonObject;
  /** Read when it ended otherwise. */
  readonly failureFiles: readonly LeftFile[];
  /** Why it failed and what to do, to stand behind "the program ended with exit status 1"; null leaves it at that. */
  explain(files: LeftFiles, status: number): string | null;
}
