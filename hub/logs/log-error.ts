/**
 * - `full`: the disk has no room
 * - `broken`: the disk failed, or the log's files are not what this store wrote
 * - `closed`: the writer was closed, by its owner or by a newer writer of the same attempt
 */
export type LogErrorCode = 'full' | 'broken' | 'closed';

/** A log that could not be written or read. What was durable before still is. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
