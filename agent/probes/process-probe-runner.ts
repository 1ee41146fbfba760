import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { maxFactsBytes } from '../../protocol/facts.ts';
import type { Clock } from '../../runtime/clock.ts';
import { waitAtMost } from '../../runtime/wait-at-most.ts';
import { findProgram } from '../executors/process/find-program.ts';
import { markName } from '../executors/process/process-marks.ts';
import { readProcessStatus } from '../executors/process/process-status.ts';
import { createProcessTable } from '../executors/process/process-table.ts';
import { createProcessTree } from '../executors/process/process-tree.ts';
import { toOneLine } from '../one-line.ts';
import { collectOutput } from './bounded-output.ts';
import type { ProbeCommand, ProbeOutcome, ProbeRunner } from './probe-runner.ts';

const maxErrorBytes = 1024;
/** What a probe that ended by itself left behind may take so long to end. */
const leftoverGraceMs = 500;
/** Killing takes no longer than this. */
const boundMs = 3_000;
/** When nothing of a run is alive, its last output may take so long to come through the pipe. */
const drainMs = 1_000;

type Stop = 'too-slow' | 'too-much' | 'left';

/** Says what was written to standard error last, on one line. */
function toErrorWords(bytes: Buffer): string {
  const text = toOneLine(bytes.toString('utf8'), maxErrorBytes).trim();
  return text === '' ? '' : `: ${text}`;
}

/** Runs probes as processes of this machine, each in a session of its own. */
export function createProcessProbeRunner({ clock }: { readonly clock: Clock }): ProbeRunner {
  const table = existsSync('/proc/self/environ') ? createProcessTable({ clock }) : null;
  /** Marks that nothing alive carries but what is run now. */
  const cleared = new Set<string>();

  const treeOf = (mark: string, leader: { readonly pid: number; readonly startTime: string | null } | null) =>
    createProcessTree({ attempt: mark, leader, since: () => null, table, clock });

  /** An agent that was killed left its probes running: the first run of this agent ends them. So does the next after one that would not end. */
  async function clearEarlier(mark: string): Promise<boolean> {
    if (cleared.has(mark)) return true;
    const { escaped } = await treeOf(mark, null).clear({ graceMs: 0, boundMs });
    if (escaped === 0) cleared.add(mark);
    return escaped === 0;
  }

  function start(command: ProbeCommand) {
    const { argv, environment, workingDirectory } = command;
    const [program, ...rest] = argv;
    return execa(program, rest, {
      cwd: workingDirectory,
      env: { ...environment, [markName]: command.mark },
      extendEnv: false,
      detached: true,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      cleanup: false,
      reject: false,
      buffer: false,
    });
  }

  async function run(command: ProbeCommand, signal: AbortSignal): Promise<ProbeOutcome> {
    const { argv, environment, workingDirectory, mark, timeoutMs } = command;
    if (!(await clearEarlier(mark))) return { type: 'failed', message: 'an earlier run of it cannot be ended' };
    if (signal.aborted) return { type: 'left' };
    if (findProgram(argv[0], { path: environment['PATH'], workingDirectory }) === null) {
      const where = argv[0].includes('/') ? '' : ` in the PATH of the probe (${environment['PATH'] ?? 'not set'})`;
      return { type: 'failed', message: `expected a program ${JSON.stringify(argv[0])}${where}, found none` };
    }
    const subprocess = start(command);
    // Resolves when whoever holds the pipes is gone, which may be long after the probe itself.
    const closed = subprocess.then((result) => result);
    const { nodeChildProcess: child, pid } = subprocess;
    if (pid === undefined) {
      const { originalMessage } = await closed;
      return { type: 'failed', message: `it could not be started: ${originalMessage ?? 'no reason given'}` };
    }
    const leader = { pid, startTime: readProcessStatus(pid)?.startTime ?? null };
    const exited = new Promise<null>((resolve) => void child.once('exit', () => resolve(null)));
    const { promise: stopping, resolve: stop } = Promise.withResolvers<Stop>();
    const { stdout, stderr } = child;
    if (!(stdout instanceof Readable) || !(stderr instanceof Readable)) throw new Error('expected pipes from a probe');
    const output = collectOutput(stdout, maxFactsBytes, () => stop('too-much'));
    const errors = collectOutput(stderr, maxErrorBytes, () => {});
    const leaving = Promise.withResolvers<void>();
    const leave = () => {
      stop('left');
      leaving.resolve();
    };
    const timer = clock.schedule(timeoutMs, () => stop('too-slow'));
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();

    let why = await Promise.race([exited, stopping]);
    timer.cancel();
    const graceMs = why === null ? leftoverGraceMs : why === 'left' ? 0 : command.graceMs;
    // An agent that leaves while it waits for one that was too slow does not wait any longer.
    const clearing = treeOf(mark, leader).clear({ graceMs, boundMs: graceMs + boundMs });
    await Promise.race([clearing, leaving.promise]);
    signal.removeEventListener('abort', leave);
    if (signal.aborted) {
      why = 'left';
      await treeOf(mark, leader).clear({ graceMs: 0, boundMs });
    }
    const { escaped } = await clearing;
    if (escaped > 0) cleared.delete(mark);
    await waitAtMost(clock, drainMs, closed);
    stdout.destroy();
    stderr.destroy();

    if (why !== null) return toStopped(why, command);
    if (escaped > 0) return { type: 'failed', message: `it left ${escaped} processes that cannot be ended` };
    const { exitCode, signalCode } = child;
    const words = toErrorWords(errors.tail);
    if (signalCode !== null) return { type: 'failed', message: `it was ended by ${signalCode}${words}` };
    if (exitCode !== 0) return { type: 'failed', message: `it ended with exit status ${exitCode}${words}` };
    return output.isOver ? toStopped('too-much', command) : { type: 'printed', output: output.head };
  }

  return {
    run: async (command, { signal }) => {
      try {
        return await run(command, signal);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { type: 'failed', message: `it could not be run: ${reason}` };
      }
    },
  };
}

function toStopped(why: Stop, { timeoutMs }: ProbeCommand): ProbeOutcome {
  switch (why) {
    case 'left':
      return { type: 'left' };
    case 'too-slow':
      return { type: 'failed', message: `it took longer than ${timeoutMs / 1000} s (timeoutSeconds) and was ended` };
    case 'too-much':
      return { type: 'failed', message: `it printed more than ${maxFactsBytes} bytes and was ended` };
  }
}
