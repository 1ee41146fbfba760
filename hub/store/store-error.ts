export type StoreErrorCode = 'full' | 'locked' | 'closed' | 'broken' | 'cursor-invalid' | 'newer-version';

/** A store that could not do what it was asked; nothing was changed. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
