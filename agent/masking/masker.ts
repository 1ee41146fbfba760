import type { Secrets } from '../../protocol/job-document.ts';

/**
 * Turns raw output into the stream: every maximal run of bytes that belong to a secret becomes `***`. What comes out of
 * all calls together depends on the bytes alone, never on how they were cut or when they came.
 */
export interface Masker {
  /**
   * Takes the next raw bytes and answers what of the stream is decided by now. Only bytes that may still turn out to be the
   * beginning of a secret are held back. The answer may be a view of `bytes`: use it before the buffer is filled again.
   */
  push(bytes: Uint8Array): Uint8Array;
  /** No more bytes come: answers what was held back. Later calls of `push` throw. */
  end(): Uint8Array;
  /** Bytes taken so far. */
  readonly rawBytes: number;
  /** Bytes answered so far: the offset in the stream of the next one. */
  readonly streamBytes: number;
}

/** A masker for one pass over a stream from its beginning. Without secrets it is the identity and copies nothing. */
export function createMasker(_secrets: Secrets): Masker {
  throw new Error('not yet');
}
