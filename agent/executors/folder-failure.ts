import type { StartFailure } from './executor.ts';

/** What to say when the files of a command could not be made; throws what the system did not say. */
export function toFolderFailure(error: unknown): StartFailure {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return {
    type: 'failed',
    fault: 'environment',
    message: `Expected to prepare the attempt's folder, the system refused: ${message}`,
  };
}
