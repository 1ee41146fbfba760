/**
 * - `no-hub`: there is no hub's data in the folder
 * - `not-a-backup`: the file is something else, was cut short, or is not what it was when it was made
 * - `newer-version`: a newer farhand made it
 * - `exists`: something is there already, and is left as it is
 * - `changed`: what was being copied changed in a way that it should not
 */
export type BackupErrorCode = 'no-hub' | 'not-a-backup' | 'newer-version' | 'exists' | 'changed';

/** A backup that cannot be made, or cannot be used. Nothing was changed. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: BackupErrorCode;

  constructor(code: BackupErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
