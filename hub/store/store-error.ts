/**
 * - `full`: no room left
 * - `locked`: another process owns the store
 * - `closed`: it was disposed
 * - `broken`: the disk or the file failed; what was asked may be asked again after a restart
 * - `conflict`: something with this id, hash or name is there already, or another transaction was faster
 * - `cursor-invalid`: not a cursor that an earlier page gave
 * - `newer-version`: a newer farhand has changed the store's tables
 */
export type StoreErrorCode = 'full' | 'locked' | 'closed' | 'broken' | 'conflict' | 'cursor-invalid' | 'newer-version';

/** A store that could not do what it was asked; nothing was changed. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
