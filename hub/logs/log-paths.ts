import { hash } from 'node:crypto';
import { join } from 'node:path';

/** Where the files of one attempt's log are. */
export interface LogPaths {
  readonly folder: string;
  /** The bytes, as they came. */
  readonly log: string;
  /** `MomentsFile`. */
  readonly times: string;
}

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * `<root>/<first two hex digits of SHA-256 of the id>/<id>.log`: 256 folders of about equal size. The ids are ordered, so their own first
 * digits would put a whole day into one folder.
 */
export function toLogPaths(root: string, attempt: string): LogPaths {
  if (!idPattern.test(attempt)) throw new TypeError(`expected an attempt id, got ${JSON.stringify(attempt)}`);
  const folder = join(root, hash('sha256', attempt).slice(0, 2));
  return { folder, log: join(folder, `${attempt}.log`), times: join(folder, `${attempt}.times`) };
}
