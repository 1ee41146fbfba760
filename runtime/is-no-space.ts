import { hasCode } from './has-code.ts';

/** The disk, or the share of it that one may use, is full. */
export function isNoSpace(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT');
}
