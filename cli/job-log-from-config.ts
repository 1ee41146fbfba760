import { resolve } from 'node:path';
import type { AgentConfig } from '../agent/config.ts';
import { createFileTarget } from '../agent/job-log/file-target.ts';
import type { JobLog } from '../agent/job-log/job-log.ts';
import { openJobLog } from '../agent/job-log/open-job-log.ts';
import { createOutputTarget } from '../agent/job-log/output-target.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Context } from './context.ts';

export interface OpenedJobLog extends AsyncDisposable {
  readonly log: JobLog;
  /** Somebody renamed the file. */
  reopen(): void;
}

/** What `FARHAND_JOB_LOG` says; null where it is not set. Standard output gets nothing before `isReady`: programs look for the ready line first. */
export function openConfiguredJobLog(
  { jobLog: place }: AgentConfig,
  { context, logger, isReady }: { readonly context: Context; readonly logger: Logger; readonly isReady: Promise<void> },
): OpenedJobLog | null {
  if (place === null) return null;
  const isOutput = place === 'stdout';
  // What reads the lines may come and go: jobs do not depend on it.
  if (isOutput) context.outliveReaders();
  const target = isOutput
    ? createOutputTarget((bytes) => context.stdout.hand(bytes))
    : createFileTarget(resolve(context.folder, place), { clock: systemClock });
  const begin = isOutput ? isReady : Promise.resolve();
  const log = openJobLog({ target, begin, clock: systemClock, logger });
  return { log, reopen: () => target.reopen(), [Symbol.asyncDispose]: () => log[Symbol.asyncDispose]() };
}
