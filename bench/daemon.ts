import { open, readFile } from 'node:fs/promises';
import { readCpuMs } from './process-facts.ts';
import type { StartedProcess, Workplace } from './workplace.ts';

/** A hub or an agent that has said that it is ready. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  /** `http://127.0.0.1:PORT` of its ready line. */
  readonly address: string;
  /** From its start to that line, and the CPU time that it took. */
  readonly ready: { readonly ms: number; readonly cpuMs: number };
  /** SIGKILL: what a crash is. */
  kill(): Promise<void>;
}

export interface DaemonOptions {
  readonly program: string;
  readonly command: 'hub' | 'agent';
  readonly environment: Readonly<Record<string, string>>;
  /** Of Node itself. */
  readonly nodeOptions?: readonly string[];
}

/** Starts a daemon of farhand, and resolves when it is ready: for an agent that is when it is online. */
export async function startDaemon(workplace: Workplace, options: DaemonOptions): Promise<Daemon> {
  const log = workplace.path(`${options.command}.log`);
  await using said = await open(log, 'w');
  const from = performance.now();
  const started = await workplace.start(
    process.execPath,
    [...(options.nodeOptions ?? []), options.program, options.command],
    {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        // Compiled code of a program that is gone after the run.
        XDG_CACHE_HOME: workplace.folder,
        FARHAND_LOG_LEVEL: 'warn',
        ...options.environment,
      },
      cwd: workplace.folder,
      stdio: ['ignore', 'pipe', said.fd],
    },
  );
  const address = await readReadyLine(started, options.command).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${(await readFile(log, 'utf8')).slice(-2000)}`);
  });
  return {
    pid: started.pid,
    address,
    ready: { ms: performance.now() - from, cpuMs: readCpuMs(started.pid) },
    kill: () => started.stop('SIGKILL'),
    [Symbol.asyncDispose]: () => started.stop(),
  };
}

function readReadyLine({ child, ended }: StartedProcess, command: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
    const address = /ready.*?(https?:\/\/\S+)\n/.exec(said)?.[1];
    if (address !== undefined) resolve(address);
  });
  void ended.then(() => reject(new Error(`expected ${command} to say that it is ready, it ended`)));
  return promise;
}
