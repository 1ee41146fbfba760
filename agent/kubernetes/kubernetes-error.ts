/**
 * - `credentials`: ours cannot be had: a token file, an exec plugin
 * - `unreachable`: no answer: no connection, or it broke before one came. Of a call that changes something nobody knows whether it did
 * - `timeout`: no answer in time, by our clock or by the server's word. The same
 * - `malformed`: the answer is not what the API says
 * - `unauthorized`: 401, also with credentials that were just renewed
 * - `forbidden`: 403; `quota`: 403 because a ResourceQuota would be exceeded
 * - `not-found`: 404
 * - `already-exists`: 409 to a create; `conflict`: any other 409, such as another uid than the one in the precondition
 * - `gone`: 410: the resource version or the continue token is too old
 * - `invalid`: 422; `bad-request`: 400, also for unknown fields; both are the same the next time
 * - `too-many-requests`: 429
 * - `refused`: another 4xx
 * - `server-failure`: 5xx
 */
export const kubernetesErrorCodes = [
  'credentials',
  'unreachable',
  'timeout',
  'malformed',
  'unauthorized',
  'forbidden',
  'quota',
  'not-found',
  'already-exists',
  'conflict',
  'gone',
  'invalid',
  'bad-request',
  'too-many-requests',
  'refused',
  'server-failure',
] as const;
export type KubernetesErrorCode = (typeof kubernetesErrorCodes)[number];

/** One of several things that are wrong with what was sent. */
export interface KubernetesCause {
  readonly reason: string;
  readonly message: string;
  /** Such as `spec.backoffLimit`. */
  readonly field: string;
}

/** Whether the same call may go well later, with nothing changed by us. */
const retryable: Readonly<Record<KubernetesErrorCode, boolean>> = {
  credentials: true,
  unreachable: true,
  timeout: true,
  malformed: true,
  // Somebody may grant it, or renew what has expired.
  unauthorized: true,
  forbidden: true,
  quota: true,
  'not-found': false,
  'already-exists': false,
  conflict: false,
  gone: false,
  invalid: false,
  'bad-request': false,
  'too-many-requests': true,
  refused: false,
  'server-failure': true,
};

interface Details {
  /** Of the answer; null where there was none. */
  readonly status?: number | null;
  readonly reason?: string | null;
  readonly causes?: readonly KubernetesCause[];
  /** How long the server wants to be left alone. */
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/** Why a call of the Kubernetes API came to nothing. Branch on `code`, never on the message. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly code: KubernetesErrorCode;
  readonly status: number | null;
  /** The API's own word, such as `AlreadyExists`; null where it gave none. */
  readonly reason: string | null;
  readonly causes: readonly KubernetesCause[];
  readonly retryAfterMs: number | null;

  constructor(code: KubernetesErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status ?? null;
    this.reason = details.reason ?? null;
    this.causes = details.causes ?? [];
    this.retryAfterMs = details.retryAfterMs ?? null;
  }

  get isRetryable(): boolean {
    return retryable[this.code];
  }
}
