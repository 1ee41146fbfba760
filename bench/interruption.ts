import { constants } from 'node:os';

const orphanPollMs = 500;

/** Resolves with the exit code when somebody wants the run to end before it is through. */
export function interruption(): Promise<number> {
  const { promise, resolve: end } = Promise.withResolvers<number>();
  const stop = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => {
    // What is in the middle of something loses the processes that it talks to.
    process.on('uncaughtException', () => {});
    end(128 + constants.signals[signal]);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop(signal));
  }
  // npm keeps a SIGTERM for itself, and ends.
  const parent = process.ppid;
  const look = () => process.ppid !== parent && stop('SIGTERM');
  if (process.env['npm_lifecycle_event'] !== undefined) setInterval(look, orphanPollMs).unref();
  return promise;
}
