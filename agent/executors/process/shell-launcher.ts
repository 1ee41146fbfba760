import type { Clock, Timer } from '../../../runtime/clock.ts';
import type { PreparedCommand } from '../../automations/prepared-command.ts';
import { shellQuote } from '../../shell-quote.ts';
import type { JobStanding } from './job-standing.ts';
import { toLaunchFailure } from './launch-failure.ts';
import type { Launch, Launcher } from './launcher.ts';
import { type LauncherShell, type ShellListener, startLauncherShell } from './launcher-shell.ts';
import { isAlive, readProcessStatus } from './process-status.ts';
import { toWrapperArguments } from './wrapper.ts';

/** A shell that does not fork within this time is ended, and the fence asked what became of the launch. */
const forkBoundMs = 10_000;
/** The wrapper of a shell that died is looked at this often. */
const pollMs = 100;
/** More than this many shells are not kept when they have nothing to do. */
const maxIdle = 16;
/** What is longer is left to the way that knows what the system says to it. */
const maxLineBytes = 256 * 1024;

/** Variables that bash sets for itself, and would not take from an `export`. */
const untakenNames = /^(UID|EUID|GROUPS|DIRSTACK|FUNCNAME|PIPESTATUS|SECONDS|BASH\w*)$/;

/**
 * Starts wrappers by small shells that this process started once: their fork costs the same however large this process
 * is, and does not stop its event loop. Each shell has one wrapper at a time and waits for it, so its end is told by who
 * reaped it, and no signal is ignored in it, as it would be in a job in the background.
 *
 * The shell gets all by its pipe: nothing of a command is in an argument of it or in a file. In its fork it says which
 * process that is, then becomes the wrapper by `exec`: `setsid` makes the session, the wrapper's own shell follows. Of
 * the pipe nothing is left open in the wrapper. A shell that dies takes nothing along; the next launch starts another.
 */
export function createShellLauncher(options: {
  /** A POSIX shell, by its path: what runs the wrapper. */
  readonly shell: string;
  /** What forks. */
  readonly launcherShell: string;
  /** The program of that name, by its path. */
  readonly setsid: string;
  readonly standing: JobStanding;
  /** Starts what no shell can be told. */
  readonly otherwise: Launcher;
  readonly clock: Clock;
}): Launcher {
  const { shell: wrapperShell, launcherShell, setsid, standing, otherwise, clock } = options;
  const all = new Set<LauncherShell>();
  const idle: LauncherShell[] = [];
  const polls = new Set<Timer>();
  let disposed = false;

  async function launch(folder: string, command: PreparedCommand): Promise<Launch> {
    const line = toLine(folder, command);
    if (line === null) return otherwise.launch(folder, command);
    let shell = idle.pop();
    if (shell === undefined) {
      const started = await startLauncherShell(launcherShell, standing, () => {
        if (started.type === 'started') forget(started.shell);
      });
      if (started.type === 'failed') return toLaunchFailure({ ...started, shell: launcherShell, command });
      shell = started.shell;
      all.add(shell);
    }
    return launchBy(shell, line, command);
  }

  function launchBy(shell: LauncherShell, line: string, command: PreparedCommand): Promise<Launch> {
    const { promise, resolve } = Promise.withResolvers<Launch>();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let forked: { readonly pid: number; readonly startTime: string | null } | null = null;
    const late = clock.schedule(forkBoundMs, giveUp, { background: true });

    const listener: ShellListener = {
      forked(pid) {
        late.cancel();
        forked = { pid, startTime: readProcessStatus(pid)?.startTime ?? null };
        resolve({ type: 'launched', wrapper: { pid, ended, release: () => shell.release() } });
      },
      ended() {
        late.cancel();
        keep(shell);
        end();
        // The last thing before the wrapper is that it says who it is.
        const message = 'the shell that was to start it could not';
        if (forked === null) resolve(toLaunchFailure({ code: undefined, message, shell: wrapperShell, command }));
      },
      died() {
        late.cancel();
        if (forked === null) resolve({ type: 'unclear', message: `${launcherShell} died while it was starting` });
        else watchOrphan(forked, end);
      },
    };

    /** Not even its death is waited for: a process that the kernel holds dies when that lets it. */
    function giveUp(): void {
      shell.kill();
      resolve({ type: 'unclear', message: `${launcherShell} started nothing within ${forkBoundMs / 1000} s` });
    }

    shell.run(line, listener);
    return promise;
  }

  function keep(shell: LauncherShell): void {
    if (disposed || idle.length >= maxIdle) forget(shell);
    else idle.push(shell);
  }

  function forget(shell: LauncherShell): void {
    all.delete(shell);
    const index = idle.indexOf(shell);
    if (index >= 0) idle.splice(index, 1);
    shell[Symbol.dispose]();
  }

  /** The system waits for it now. */
  function watchOrphan(wrapper: { readonly pid: number; readonly startTime: string | null }, end: () => void): void {
    if (disposed) return;
    if (wrapper.startTime === null || !isAlive(wrapper)) return end();
    const poll = clock.schedule(pollMs, () => {
      polls.delete(poll);
      watchOrphan(wrapper, end);
    });
    polls.add(poll);
  }

  function toLine(folder: string, command: PreparedCommand): string | null {
    const variables = Object.entries(command.environment);
    if (variables.some(([name]) => untakenNames.test(name))) return null;
    const exports = variables.map(([name, value]) => ` ${name}=${shellQuote(value)}`).join('');
    const words = [setsid, wrapperShell, ...toWrapperArguments(command, standing)].map(shellQuote).join(' ');
    // `/proc/self` is the fork itself, where `$$` would be the shell; as a positional parameter it is in nobody's way.
    const line = `(cd -P /proc/self && set -- "\${PWD#/proc/}" && cd -- ${shellQuote(folder)} && export${exports} && echo "$1" && exec ${words} >&2) <&2
echo ended
`;
    return Buffer.byteLength(line) > maxLineBytes ? null : line;
  }

  return {
    launch,
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      for (const poll of polls) poll.cancel();
      for (const shell of all) shell[Symbol.dispose]();
      await otherwise[Symbol.asyncDispose]();
    },
  };
}
