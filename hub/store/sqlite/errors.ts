import { StoreError } from '../store-error.ts';

const sqliteBusy = 5;
const sqliteIoError = 10;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteCannotOpen = 14;
const sqliteConstraint = 19;
const sqliteNotADatabase = 26;

/** The driver's own code, without the extension: its `code` is always the same. */
function codeOf(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : null;
}

/** Says a foreign error in the words of the port. What is not the store's fault stays as it is: it is a fault of the code. */
export function toStoreError(error: unknown): unknown {
  const detail = error instanceof Error ? error.message : String(error);
  switch (codeOf(error)) {
    case sqliteFull:
      return new StoreError('full', `the store has no room left (${detail}): make room on its disk`, { cause: error });
    case sqliteBusy:
      return new StoreError('locked', `another process holds the store (${detail}): stop what else uses hub.sqlite`, {
        cause: error,
      });
    case sqliteIoError:
    case sqliteCorrupt:
    case sqliteCannotOpen:
    case sqliteNotADatabase:
      return new StoreError('broken', `the store cannot be read or written (${detail}): check its disk`, {
        cause: error,
      });
    case sqliteConstraint:
      return new StoreError('conflict', `the store holds something with this id, hash or name already (${detail})`, {
        cause: error,
      });
    default:
      return error;
  }
}

/** Whether the file or the disk failed, so that the whole transaction goes, not the one command. */
export function endsTransaction(error: unknown): boolean {
  return error instanceof StoreError && (error.code === 'full' || error.code === 'locked' || error.code === 'broken');
}
