import { LogError } from './log-error.ts';

const fullCodes = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Translates what the file system says. */
export function toLogError(error: unknown, attempt: string): LogError {
  if (error instanceof LogError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (fullCodes.includes(code)) {
    return new LogError(
      'full',
      `log of attempt ${attempt}: no room left (${code}); free space in the hub's data folder`,
      {
        cause: error,
      },
    );
  }
  return new LogError('broken', `log of attempt ${attempt}: the file system answered ${code}`, { cause: error });
}
