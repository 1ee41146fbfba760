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

/** A way to start wrappers. Their process group is their own, and they outlive whoever started them. */
export interface Launcher {
  /** Starts the wrapper of `command` in `folder`. A failure means that nothing of it ran. */
  launch(
    folder: string,
    command: PreparedCommand,
  ): Promise<{ readonly type: 'launched'; readonly wrapper: LaunchedWrapper } | StartFailure>;
}
