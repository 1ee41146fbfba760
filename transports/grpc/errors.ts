import { type Metadata, type StatusObject, status } from '@grpc/grpc-js';
import type { Destination } from '../../runtime/network/destination.ts';
import { noFirstHop, type Outlet } from '../../runtime/network/outlet.ts';
import type { OutletError } from '../../runtime/network/outlet-error.ts';
import type { Route } from '../../runtime/network/route.ts';
import type { CloseReason } from '../channel.ts';
import { fromOutletError } from '../from-outlet-error.ts';
import { TransportError, type TransportErrorCode } from '../transport-error.ts';

/** Trailers of a refusal. The second is gRPC's own word for when to come back (proposal A6). */
export const challengeKey = 'farhand-challenge';
export const pushbackKey = 'grpc-retry-pushback-ms';

/** How far a dial came, as its connection tells: a status alone says too little. */
export type DialProgress =
  /** No connection to the first hop. */
  | { readonly type: 'nothing' }
  /** A proxy or TLS said no. */
  | { readonly type: 'failed'; readonly error: OutletError }
  /** It leads to the hub. `heard`: something came from there. `error` is what broke it, if that is known. */
  | { readonly type: 'connected'; readonly error: unknown; readonly heard: boolean };

export interface FailedDial {
  readonly url: string;
  readonly outlet: Outlet;
  readonly route: Route;
  readonly destination: Destination;
  readonly progress: DialProgress;
}

const hubWanted = 'expected gRPC of a hub';

/**
 * A call that was not accepted:
 *
 * | status | from | what the dialler sees |
 * |---     |---   |--- |
 * | UNAUTHENTICATED, PERMISSION_DENIED | the hub, or an HTTP answer 401 or 403 | `unauthorized` |
 * | UNAVAILABLE | here: no connection, or it ended before anything came | `unreachable` |
 * | UNAVAILABLE | here: TLS failed, or what came is no HTTP/2 | `refused` |
 * | UNAVAILABLE, RESOURCE_EXHAUSTED | the hub, or an HTTP answer 429, 502, 503, 504 | `refused`, with its wish for when to come back |
 * | any other | | `refused` |
 */
export function fromDialStatus(answer: StatusObject, dial: FailedDial): TransportError {
  const { url } = dial;
  const { code, details, metadata } = answer;
  const cause = { code: nameOf(code), details };
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) {
    return new TransportError('unauthorized', `${url} does not accept the credential (${nameOf(code)}: ${details})`);
  }
  const explained = code === status.UNAVAILABLE ? explain(answer, dial) : null;
  if (explained !== null) return fromOutletError(explained, url);
  if (isNotHttp2(answer)) {
    const remedy =
      'check FARHAND_HUB_URL: grpc:// against grpcs:// and ws://, the port, and that proxies on the way pass HTTP/2 on';
    return new TransportError('refused', `${hubWanted} at ${url}, got something else: ${details}; ${remedy}`, {
      cause,
    });
  }
  if (code === status.UNAVAILABLE || code === status.RESOURCE_EXHAUSTED) {
    const said = `${url} takes nobody now (${nameOf(code)}: ${details})`;
    return new TransportError('refused', said, { retryAfterMs: readPushback(metadata), cause });
  }
  const remedy = 'check FARHAND_HUB_URL: host and port, and that proxies on the way pass gRPC on';
  return new TransportError('refused', `${hubWanted} at ${url}, got ${nameOf(code)}: ${details}; ${remedy}`, { cause });
}

/** What the connection tells, where it tells more than the status. */
function explain({ details }: StatusObject, { outlet, route, destination, progress }: FailedDial): OutletError | null {
  switch (progress.type) {
    case 'nothing':
      return noFirstHop(route, destination, new Error(details));
    case 'failed':
      return progress.error;
    case 'connected': {
      const found = outlet.explain(progress.error, destination);
      if (progress.heard) return found?.code === 'ended' ? null : found;
      return found ?? outlet.explain(Object.assign(new Error(details), { code: 'ECONNRESET' }), destination);
    }
  }
}

/** What grpc-js says when the bytes that came are not HTTP/2: its handshake ends before a call is made. */
function isNotHttp2({ code, details }: StatusObject): boolean {
  return code === status.UNAVAILABLE && details.startsWith('No connection established');
}

/** The challenge of an UNAUTHENTICATED, or null. */
export function readChallenge({ code, metadata }: StatusObject): string | null {
  const [challenge] = metadata.get(challengeKey);
  return code === status.UNAUTHENTICATED && typeof challenge === 'string' ? challenge : null;
}

function readPushback(metadata: Metadata): number | null {
  const [value] = metadata.get(pushbackKey);
  return typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : null;
}

/**
 * The end of a call that was accepted, where neither side had said why:
 *
 * | status | what is seen |
 * |---     |--- |
 * | OK | `remote` |
 * | RESOURCE_EXHAUSTED | `failure` (`too-large`): what grpc-js says of a message beyond all limits |
 * | INVALID_ARGUMENT | `failure` (`invalid-message`) |
 * | any other | `failure` (`broken`) |
 */
export function fromCallStatus({ code, details }: StatusObject): CloseReason {
  switch (code) {
    case status.OK:
      return { type: 'remote', reason: '', retryAfterMs: null };
    case status.RESOURCE_EXHAUSTED:
      return failure('too-large', `a message was over all limits: ${details}`);
    case status.INVALID_ARGUMENT:
      return failure('invalid-message', `the other side did not understand a message of ours: ${details}`);
    default:
      return failure('broken', `the call ended with ${nameOf(code)}: ${details}`);
  }
}

export function fromComplaint(complaint: {
  readonly code: 'too-large' | 'invalid-message';
  readonly reason: string;
}): CloseReason {
  const what = complaint.code === 'too-large' ? 'found a message of ours too large' : 'did not take a message of ours';
  return failure(complaint.code, `the other side ${what}: ${complaint.reason}`);
}

export function broken(message: string): CloseReason {
  return failure('broken', message);
}

export function tooLarge(maxBytes: number, bytes: number): TransportError {
  return new TransportError('too-large', `expected a message of at most ${maxBytes} bytes, got ${bytes}`);
}

function failure(code: TransportErrorCode, message: string): CloseReason {
  return { type: 'failure', error: new TransportError(code, message) };
}

function nameOf(code: status): string {
  return status[code] ?? String(code);
}
