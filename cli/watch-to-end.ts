import type { Job } from '../protocol/job.ts';
import { isFinal } from '../protocol/job-state.ts';
import type { ApiClient } from './api-client.ts';
import type { Context } from './context.ts';
import { toExitCode } from './exit-code.ts';
import { followLog } from './follow-log.ts';
import { listenForInterruption } from './interruption.ts';
import { toEndSentence } from './job-words.ts';
import { printJson } from './json-document.ts';
import { createProgressLine } from './progress-line.ts';
import { toPrintable } from './to-printable.ts';
import { watchJob } from './watch-job.ts';

export interface WatchOptions {
  /** The log goes to standard error, and the ended job as one document to standard output. */
  readonly json: boolean;
  readonly timestamps: boolean;
}

/** Shows a job that was just submitted to its end: log, why it waits, how far it is, how it ended. The exit code tells the end. */
export async function watchToEnd(api: ApiClient, context: Context, job: Job, options: WatchOptions): Promise<void> {
  const { stderr } = context;
  await stderr.line(stderr.paint('dim', `job ${job.id}`));
  const ended =
    isFinal(job.state) && (job.log === null || job.log.removedAt !== null)
      ? job
      : await watch(api, context, job.id, options);
  if (ended === null) return;
  await stderr.line(toEndSentence(stderr, ended, Date.now()));
  if (options.json) await printJson(context, ended);
  else if (ended.outputs !== null) await stderr.line(`outputs ${toPrintable(JSON.stringify(ended.outputs))}`);
  context.exitWith(toExitCode(ended));
}

const lineFeed = 10;

/** Answers the ended job, or null when the person stopped watching. */
async function watch(
  api: ApiClient,
  context: Context,
  id: string,
  { json, timestamps }: WatchOptions,
): Promise<Job | null> {
  const { stdout, stderr } = context;
  const log = json ? stderr : stdout;
  const progress = createProgressLine(stderr);
  const say = (text: string) =>
    progress.around(async () => {
      await stderr.line(stderr.paint('dim', text));
      return { endsLine: true };
    });
  using interruption = listenForInterruption();
  const { signal } = interruption;
  const isEnded = new AbortController();
  const beside = watchJob(api, id, { say, progress, signal: AbortSignal.any([signal, isEnded.signal]) });
  try {
    return await followLog(api, id, {
      timestamps,
      write: (bytes) =>
        progress.around(async () => {
          await log.write(bytes);
          return { endsLine: !log.isTerminal || bytes.at(-1) === lineFeed };
        }),
      note: say,
      signal,
    });
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null) throw error;
    await progress.clear();
    await stderr.line(
      `\nnot watching any more; the job goes on. \`farhand logs -f ${id}\` watches it again, \`farhand cancel ${id}\` stops it`,
    );
    context.exitWith(code);
    return null;
  } finally {
    isEnded.abort();
    await beside;
    await progress.clear();
  }
}
