import { STATUS_CODES } from 'node:http';
import { TransportError } from '../transport-error.ts';

/** What answered a dial instead of a websocket. */
export interface HttpAnswer {
  readonly status: number;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The first bytes of the body. */
  readonly body: string;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function messageOf(error: unknown): string {
  // An attempt at several addresses fails with an AggregateError whose own message is empty.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** An error of an open websocket: bytes that are no websocket frames, or too many of them. */
export function fromWebsocketError(error: Error): TransportError {
  const code = codeOf(error);
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || code === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH') {
    return new TransportError('too-large', 'a message of the other side was over the limit', { cause: error });
  }
  if (code.startsWith('WS_ERR_')) {
    return new TransportError('invalid-message', `expected websocket frames: ${error.message}`, { cause: error });
  }
  return new TransportError('broken', `the connection failed: ${error.message}`, { cause: error });
}

/** A dial that got no answer in HTTP, or none that is a websocket, where nobody knows more than the error says. */
export function fromDialError(error: Error, url: string): TransportError {
  const code = codeOf(error);
  const said = messageOf(error);
  // Node's own codes of the network have a system call with them; what is left is an answer that we cannot read.
  if (code.startsWith('HPE_') || (code === '' && !(error instanceof AggregateError))) {
    return new TransportError(
      'refused',
      `expected a websocket of a hub at ${url}, got something else: ${said}; check FARHAND_HUB_URL`,
      { cause: error },
    );
  }
  return new TransportError(
    'unreachable',
    `no connection to ${url}: ${said}; check FARHAND_HUB_URL, DNS, firewalls and that the hub runs`,
    { cause: error },
  );
}

/** A dial that was answered with HTTP. `nowMs` is wall time, for a `Retry-After` that is a date. */
export function fromHttpAnswer(
  answer: HttpAnswer,
  options: { readonly url: string; readonly nowMs: number },
): TransportError {
  const { status, headers } = answer;
  const got = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  const detail = detailOf(answer);
  const said = detail === '' ? got : `${got}: ${detail}`;
  if (status === 401 || status === 403) {
    return new TransportError('unauthorized', `${options.url} does not accept the credential (${said})`);
  }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], options.nowMs);
  if (status === 503 || status === 429) {
    return new TransportError('refused', `${options.url} takes nobody now (${said})`, { retryAfterMs });
  }
  const location =
    status >= 300 && status < 400 && typeof headers['location'] === 'string'
      ? ` to ${headers['location'].slice(0, 200)}`
      : '';
  const remedy = 'check FARHAND_HUB_URL: host, port and path, and that proxies on the way pass websockets on';
  return new TransportError(
    'refused',
    `expected a websocket of a hub at ${options.url}, got ${said}${location}; ${remedy}`,
    { retryAfterMs },
  );
}

/** The challenge of a 401, or null. */
export function parseChallenge(answer: HttpAnswer): string | null {
  if (answer.status !== 401) return null;
  const header = [answer.headers['www-authenticate'] ?? []].flat().join(', ');
  return /(?:^|,\s*)Farhand\s+challenge="(?<challenge>[^"\\]*)"/iu.exec(header)?.groups?.['challenge'] ?? null;
}

/** `Retry-After` is seconds or a date (RFC 9110 §10.2.3). */
function parseRetryAfter(value: string | string[] | undefined, nowMs: number): number | null {
  if (typeof value !== 'string') return null;
  if (/^\d{1,7}$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(dateMs - nowMs, 0);
}

/** The sentence of a problem document (RFC 9457); nothing of any other body, which may be a page of HTML. */
function detailOf(answer: HttpAnswer): string {
  try {
    const body: unknown = JSON.parse(answer.body);
    if (typeof body !== 'object' || body === null || !('detail' in body)) return '';
    return typeof body.detail === 'string' ? body.detail.slice(0, 500) : '';
  } catch {
    return '';
  }
}
