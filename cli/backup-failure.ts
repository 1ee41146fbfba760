import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

/** Why a backup could not be made or used, with what to do about it. Told apart by `code` alone, so that nothing heavy is loaded for it. */
export function toBackupFailure(
  error: unknown,
  { data, file }: { readonly data: string; readonly file: string },
): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'no-hub':
      return new Failure(exitCodes.usage, error.message, [
        "Name the hub's data folder: --data FOLDER, or FARHAND_DATA, as the hub was started with",
      ]);
    case 'exists':
      return new Failure(exitCodes.usage, error.message, ['Name another place; nothing is ever written over']);
    case 'changed':
      return new Failure(exitCodes.failed, error.message, ['Nothing of it was kept']);
    case 'not-a-backup':
      return new Failure(exitCodes.failed, error.message, ['Nothing was changed. Take another backup']);
    case 'newer-version':
      return new Failure(exitCodes.usage, error.message, ['`farhand --version` says which this is']);
    case 'locked':
      return new Failure(exitCodes.usage, error.message, ['A backup is restored into a folder that no hub uses']);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'full':
      return new Failure(exitCodes.failed, `there is no room left (${error.message}); nothing of it was kept`, [
        'Make room, or name another disk. For a while a backup takes the space of the store twice; `verify` takes it in TMPDIR',
      ]);
    case 'broken':
      return new Failure(exitCodes.failed, error.message, ['Nothing was changed']);
    case 'ENOENT':
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EISDIR':
    case 'ENOTDIR':
      return new Failure(exitCodes.usage, error.message, [
        `The data folder is ${data}, the backup ${file}; run this as the user that the hub runs as`,
      ]);
    default:
      return error;
  }
}
