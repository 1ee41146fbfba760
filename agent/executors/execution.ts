/** A place where an attempt's command runs, known by its folder on this machine. */
export interface ExecutionTarget {
  readonly attempt: string;
  /** Absolute, on this machine: the attempt's folder, or one in it for a hook. */
  readonly folder: string;
}

/** A command on its way, started by us or adopted. Nobody owns it: disposing of an agent leaves it alone. */
export interface Execution {
  /**
   * Resolves when the command is over and all that will ever come of its output is in `raw`; never rejects. From then on `readEnd`
   * says how, or that nobody can know.
   */
  readonly ended: Promise<void>;
  /** Resolves when the command began (with the wall time), or with null when the execution ended without, or nobody can see it; never rejects. */
  readonly started: Promise<{ readonly at: number } | null>;
  /** How long it had run when it was adopted, by a clock that nobody sets; left out where only the wall clock can say. */
  readonly ranMs?: number;
  /** Sends the signal to all of the command. Where there is no KILL of its own, that is the end without a grace. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /**
   * Makes sure that nothing of the command is left: what is alive gets TERM (unless `signal` sent it one), after `graceMs`
   * KILL, for at most `boundMs` in all. Resolves with the count of what is still there after that; what could
   * not be proved to be gone counts as one. What still moves a command's last output into `raw` is let to its end
   * first. Rejects with `NotNow` where a platform cannot be asked: it is called again.
   */
  clear(options: { readonly graceMs: number; readonly boundMs: number }): Promise<{ readonly escaped: number }>;
}
