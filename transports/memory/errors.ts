import type { Admission } from '../credential.ts';
import { TransportError, type TransportErrorCode } from '../transport-error.ts';

export function tooLarge(maxBytes: number, bytes: number): TransportError {
  return new TransportError('too-large', `expected a message of at most ${maxBytes} bytes, got ${bytes}`);
}

export function fromComplaint(complaint: {
  readonly code: TransportErrorCode;
  readonly message: string;
}): TransportError {
  return new TransportError(complaint.code, `the other side did not take a message of ours: ${complaint.message}`);
}

/** What a dialler sees of an admission that is none. */
export function fromAdmission(admission: Exclude<Admission<unknown>, { type: 'admitted' }>): TransportError {
  if (admission.type === 'challenged') return new TransportError('unauthorized', admission.message);
  if (admission.code === 'unavailable') {
    return new TransportError('refused', admission.message, { retryAfterMs: admission.retryAfterMs });
  }
  return new TransportError('unauthorized', admission.message);
}
