import { Socket } from 'node:net';
import { execa } from 'execa';
import { applyNiceness, type JobStanding } from './job-standing.ts';

/** Whom a shell tells about the one command that it was given. */
export interface ShellListener {
  /** It forked: the process that will be the wrapper has this id. */
  forked(pid: number): void;
  /** That process is gone, and was waited for. */
  ended(): void;
  /** The shell is gone, and tells no more. */
  died(): void;
}

/** A shell that waits for something to start, one after the other. Disposing lets go of it and of what it started. */
export interface LauncherShell extends Disposable {
  /** Takes a line of shell. What it says with `echo <pid>` and `echo ended` goes to the listener. Only when it has none at work. */
  run(line: string, listener: ShellListener): void;
  /** What is at work does not keep this process alive any more. */
  release(): void;
  kill(): void;
}

export type StartedShell =
  | { readonly type: 'started'; readonly shell: LauncherShell }
  | { readonly type: 'failed'; readonly code: string | undefined; readonly message: string };

/**
 * Starts a shell that reads what to do from a pipe. It has an empty environment, a session of its own (so that no signal
 * meant for this process reaches it) and ends with the pipe, which ends with this process. It is as nice as jobs are to be, which it
 * hands down. `onGone` is called once, when it has ended, whether it had something at work or not: it takes nothing any more.
 */
export async function startLauncherShell(
  path: string,
  standing: JobStanding,
  onGone: () => void,
): Promise<StartedShell> {
  const subprocess = execa(path, [], {
    cwd: '/',
    env: {},
    extendEnv: false,
    detached: true,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    cleanup: false,
    reject: false,
    buffer: false,
  });
  const { nodeChildProcess } = subprocess;
  const { stdin: input, stdout: output } = nodeChildProcess;
  if (subprocess.pid === undefined) {
    const { code, originalMessage } = await subprocess;
    return { type: 'failed', code, message: originalMessage ?? 'no reason given' };
  }
  applyNiceness(subprocess.pid, standing);
  if (!(input instanceof Socket) || !(output instanceof Socket)) throw new Error('expected pipes to a shell');
  const reports: Socket = output;

  let listener: ShellListener | null = null;
  let rest = '';
  // What went wrong is told by its end.
  for (const pipe of [input, reports]) pipe.on('error', () => {});
  nodeChildProcess.unref();
  input.unref();
  reports.unref();
  reports.setEncoding('latin1').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  nodeChildProcess.once('close', () => {
    finish((told) => told.died());
    onGone();
  });

  function take(line: string): void {
    if (line === 'ended') finish((told) => told.ended());
    else listener?.forked(Number(line));
  }

  function finish(tell: (told: ShellListener) => void): void {
    const told = listener;
    listener = null;
    reports.unref();
    if (told !== null) tell(told);
  }

  return {
    type: 'started',
    shell: {
      run(line, given) {
        listener = given;
        reports.ref();
        input.write(line);
      },
      release: () => void reports.unref(),
      kill: () => void nodeChildProcess.kill('SIGKILL'),
      [Symbol.dispose]: () => {
        listener = null;
        input.end();
        reports.destroy();
      },
    },
  };
}
