import { setTimeout as delay } from 'node:timers/promises';
import { type Ended, type Environment, type FarhandProcess, startFarhand } from './farhand-process.ts';

const sayMs = 60_000;

/** `farhand hub` or `farhand agent`, which a test starts, stops, kills and starts again, always with the same environment. */
export interface Daemon extends AsyncDisposable {
  readonly isUp: boolean;
  /** Of its process; null when it is not up. */
  readonly pid: number | null;
  /** Starts it, or the program given, and resolves once it is ready; rejects with what it said when it ends before. */
  start(environment?: Environment, program?: string): Promise<void>;
  /** Starts it and waits for nothing: an agent is ready when it reached its hub. */
  launch(environment?: Environment, program?: string): FarhandProcess;
  /** Resolves once what it said on standard error since its last start matches. */
  said(pattern: RegExp): Promise<void>;
  /** Ends it and waits for that; nothing when it is not up. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<Ended | null>;
  /** SIGSTOP: it holds what it holds and does nothing. */
  pause(): void;
  resume(): void;
}

export interface DaemonOptions {
  /** A file that gets all that it says on standard error, over all its lives. */
  readonly log?: string;
  /** What is started unless a start says otherwise; of the checkout when left out. */
  readonly program?: string;
}

export function createDaemon(
  command: 'hub' | 'agent',
  environment: Environment,
  { log, program: usual }: DaemonOptions = {},
): Daemon {
  let current: FarhandProcess | null = null;

  function launch(more: Environment = {}, program: string | undefined = usual): FarhandProcess {
    if (current !== null) throw new Error(`expected the ${command} to be down before it is started`);
    const started = startFarhand([command], {
      environment: { ...environment, ...more },
      ...(program === undefined ? {} : { program }),
      ...(log === undefined ? {} : { log }),
    });
    current = started;
    void started.ended.then(() => {
      if (current === started) current = null;
    });
    return started;
  }

  async function kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<Ended | null> {
    const running = current;
    running?.kill(signal);
    return running === null ? null : running.ended;
  }

  return {
    get isUp() {
      return current !== null;
    },
    get pid() {
      return current?.pid ?? null;
    },
    async start(more, program) {
      await launch(more, program).ready();
    },
    launch,
    async said(pattern) {
      await Promise.race([
        current?.said(pattern),
        delay(sayMs, undefined, { ref: false }).then(() => {
          throw new Error(`expected the ${command} to say ${pattern} within ${sayMs} ms`);
        }),
      ]);
    },
    kill,
    pause: () => current?.kill('SIGSTOP'),
    resume: () => current?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await kill();
    },
  };
}
