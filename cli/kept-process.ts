import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { readLines } from './read-lines.ts';

export interface KeptProcessOptions {
  /** `hub` or `agent`: the command to run, and how its lines are marked. */
  readonly name: 'hub' | 'agent';
  /** Asked again before every start: after the first, the port is known. */
  readonly environment: () => Readonly<Record<string, string | undefined>>;
  /** A line of its log, or a word about it. */
  readonly say: (line: string) => void;
  /** A line on its standard output that is not the ready line. It takes no more of them until this is done. */
  readonly pass: (line: string) => Promise<void>;
  /** Called with the address each time it says that it is ready. */
  readonly onReady: (address: string) => void;
}

/**
 * A child process of this program that is started again whenever it ends unasked: soon at first, then ever later. One that ends before it
 * was ever ready with the exit code for wrong usage is not: that would be the same every time.
 */
export interface KeptProcess {
  /** Resolves with the exit code once the process has ended for good: it was stopped, or cannot be started. Never rejects. */
  readonly ended: Promise<number>;
  /** Passes the signal on and starts it no more. */
  stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void;
}

const firstRetryMs = 250;
const maxRetryMs = 10_000;
/** A process that lived this long was well: the next start is a first one again. */
const healthyMs = 30_000;
const usage = 2;

export function keepProcess(options: KeptProcessOptions): KeptProcess {
  const stopping = new AbortController();
  let child: ChildProcess | null = null;
  let wasReady = false;

  const runOnce = () =>
    new Promise<number>((resolve) => {
      child = startChild(options, (address) => {
        wasReady = true;
        options.onReady(address);
      });
      child.once('error', (error) => options.say(`cannot be started: ${error.message}`));
      child.once('close', (code, signal) => {
        child = null;
        resolve(code ?? (signal === null ? 1 : 128));
      });
    });

  const keep = async (): Promise<number> => {
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, maxRetryMs)) {
      const startedAt = performance.now();
      const code = await runOnce();
      if (stopping.signal.aborted || (!wasReady && code === usage)) return code;
      if (performance.now() - startedAt > healthyMs) retryMs = firstRetryMs;
      options.say(`ended with exit code ${code}; starting it again in ${retryMs} ms`);
      await delay(retryMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return code;
    }
  };

  return {
    ended: keep(),
    stop(signal) {
      stopping.abort();
      child?.kill(signal);
    },
  };
}

/**
 * The child leads a session of its own, so that Ctrl-C reaches it once and through here: for an agent a second signal means "at once". The
 * IPC channel is how it notices that this process is gone, however that ended.
 */
function startChild(
  { name, environment, say, pass }: KeptProcessOptions,
  onReady: (address: string) => void,
): ChildProcess {
  const [program = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, program, name], {
    detached: true,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (child.stdout !== null) {
    void readLines(child.stdout, async (line) => {
      const address = /^farhand \w+ ready.*?(https?:\/\/\S+)?$/.exec(line);
      if (address === null) await pass(line);
      else onReady(address[1] ?? '');
    });
  }
  if (child.stderr !== null) void readLines(child.stderr, say);
  return child;
}
