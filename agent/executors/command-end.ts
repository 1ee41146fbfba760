import type { WholeLog } from '../runner/runner-words.ts';
import type { PlatformCause } from './platform-cause.ts';

interface EndFacts {
  /** The attempt's intent was there when it ended: a stop that we asked for may be why. */
  readonly marked: boolean;
  /** Wall time, where somebody wrote it down. */
  readonly at: number | null;
  /** All of its log, where whoever ran beside it had brought that to the hub and left the end for the platform to say. */
  readonly log?: WholeLog | undefined;
}

/**
 * How a command ended. It does not change once it was said.
 *
 * - `exit`: by itself or by a signal, with the status that a shell would show
 * - `platform`: what runs it says more than a status can, or that it never began. `retrySafe` counts where `started` is false: another
 *   try may do better (no capacity, an image that may come), or would end in the same way (a wrong manifest). `status` is null where none
 *   is known. The message is a sentence without any secret
 */
export type CommandEnd =
  | ({ readonly type: 'exit'; readonly status: number } & EndFacts)
  | ({
      readonly type: 'platform';
      readonly cause: PlatformCause;
      readonly started: boolean | 'unknown';
      readonly retrySafe: boolean;
      readonly message: string;
      readonly status: number | null;
    } & EndFacts);
