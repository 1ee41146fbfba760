/** One run of a probe. */
export interface ProbeCommand {
  /** The same for all runs of one probe of one agent, and of nothing else: every process of a run carries it. */
  readonly mark: string;
  readonly argv: readonly [string, ...string[]];
  /** The whole environment; nothing is inherited beside it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly workingDirectory: string;
  readonly timeoutMs: number;
  /** Between TERM and KILL when it takes too long. */
  readonly graceMs: number;
}

/** How a run ended. `left`: it was told to, and there is nothing to say of it. */
export type ProbeOutcome =
  | { readonly type: 'printed'; readonly output: Buffer }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'left' };

/**
 * Runs probes. A run has ended when nothing that it started is alive, or cannot be ended: runs of one mark that follow each
 * other never overlap. Once `signal` aborts, all of it is killed, and it resolves within seconds. Never rejects.
 */
export interface ProbeRunner {
  run(command: ProbeCommand, options: { readonly signal: AbortSignal }): Promise<ProbeOutcome>;
}
