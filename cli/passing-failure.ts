import { ApiError } from './api-error.ts';

/** Whether a call that failed may go well a moment later. */
export function isPassingFailure(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code === 'unreachable') return true;
  return error.problem !== null && (error.problem.status >= 500 || error.problem.status === 429);
}
