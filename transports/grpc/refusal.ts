import { Metadata, type ServerErrorResponse, status } from '@grpc/grpc-js';
import type { Admission } from '../credential.ts';
import { challengeKey, pushbackKey } from './errors.ts';

export interface Refusal {
  readonly code: status;
  readonly details: string;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** Answers a call that was not accepted. */
export function refuse(call: { emit(event: 'error', error: ServerErrorResponse): boolean }, refusal: Refusal): void {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(refusal.trailers ?? {})) metadata.set(name, value);
  const details = refusal.details.toWellFormed();
  call.emit('error', Object.assign(new Error(details), { code: refusal.code, details, metadata }));
}

export function unavailable(details: string, retryAfterMs: number | null): Refusal {
  const trailers = retryAfterMs === null ? {} : { [pushbackKey]: String(Math.ceil(retryAfterMs)) };
  return { code: status.UNAVAILABLE, details, trailers };
}

export function toRefusal(admission: Exclude<Admission<unknown>, { readonly type: 'admitted' }>): Refusal {
  if (admission.type === 'challenged') {
    const trailers = { [challengeKey]: admission.challenge };
    return { code: status.UNAUTHENTICATED, details: admission.message, trailers };
  }
  switch (admission.code) {
    case 'unauthorized':
      return { code: status.UNAUTHENTICATED, details: admission.message };
    case 'forbidden':
      return { code: status.PERMISSION_DENIED, details: admission.message };
    case 'unavailable':
      return unavailable(admission.message, admission.retryAfterMs);
  }
}
