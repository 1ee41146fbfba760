import type { PreparedCommand } from '../../automations/prepared-command.ts';
import type { StartFailure } from '../executor.ts';

/** The wrapper of a command, started by us. */
export interface LaunchedWrapper {
  /** Its process id, and of the process group and session that it leads. */
  readonly pid: number;
  /** Resolves when it ended; never rejects. */
  readonly ended: Promise<void>;
  /** From now on it does not keep this process alive. */
  release(): void;
}

/**
 * What came of a launch.
 *
 * - `failed`: nothing of it ran, and nothing will
 * - `unclear`: the wrapper may have been started, or may yet come. The fence decides
 */
export type Launch =
  | { readonly type: 'launched'; readonly wrapper: LaunchedWrapper }
  | { readonly type: 'unclear'; readonly message: string }
  | StartFailure;

/**
 * A way to start wrappers. Their process group is their own, and they outlive whoever started them. Disposing leaves them
 * alone; an end that was not told by then never is.
 */
export interface Launcher extends AsyncDisposable {
  /** Starts the wrapper of `command` in `folder`. */
  launch(folder: string, command: PreparedCommand): Promise<Launch>;
}
