import type { StoredLog } from './records.ts';

/** Rows from before retention say nothing of a removal. */
export function toStoredLog(text: string | null): StoredLog | null {
  return text === null ? null : { removedAt: null, ...JSON.parse(text) };
}
