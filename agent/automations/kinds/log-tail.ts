import type { LeftFiles } from '../harvest.ts';
import type { LeftFile } from '../left-file.ts';

/** The end of the job's log, as its program wrote it: secrets are in it until the caller masks them. */
export const logTail: LeftFile = { name: 'raw', of: 'log', called: 'the log', maxBytes: 64 * 1024, over: 'tail' };

/** Its whole lines. */
export function toLogTail(files: LeftFiles): string {
  const text = files(logTail.name)?.toString() ?? '';
  return Buffer.byteLength(text) < logTail.maxBytes ? text : text.slice(text.indexOf('\n') + 1);
}

/**
 * The same, for what a program said before it gave up for this reason. Empty where the log does not come to that, because the automation
 * keeps only its beginning: what stands there is of an earlier time.
 */
export function toLogOfFailure(files: LeftFiles, reason: string | null): string {
  const log = toLogTail(files);
  return reason === null || log.includes(`farhand: ${reason}`) ? log : '';
}
