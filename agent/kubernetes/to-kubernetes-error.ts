import { ApiStatus } from './api-status.ts';
import { KubernetesError, type KubernetesErrorCode } from './kubernetes-error.ts';

const byReason: Readonly<Record<string, KubernetesErrorCode>> = {
  AlreadyExists: 'already-exists',
  Conflict: 'conflict',
  Expired: 'gone',
  Gone: 'gone',
  Invalid: 'invalid',
  NotFound: 'not-found',
  ServerTimeout: 'timeout',
  Timeout: 'timeout',
  TooManyRequests: 'too-many-requests',
  Unauthorized: 'unauthorized',
};

const byStatus: Readonly<Record<number, KubernetesErrorCode>> = {
  400: 'bad-request',
  401: 'unauthorized',
  404: 'not-found',
  409: 'conflict',
  410: 'gone',
  422: 'invalid',
  429: 'too-many-requests',
  504: 'timeout',
};

/** Admission answers a quota with Forbidden like any other refusal; only these words tell (`k8s.io/apiserver`, plugin resourcequota). */
const quotaWords = /exceeded quota: /;

/** An answer that is no success. */
export function toKubernetesError(answer: {
  readonly call: string;
  readonly status: number;
  readonly retryAfter: string | null;
  /** Text of the body, or of an object in a watch. */
  readonly body: string;
}): KubernetesError {
  const { call, status, retryAfter, body } = answer;
  const said = readStatus(body);
  const words = said === null ? oneLine(body) : said.message;
  return new KubernetesError(
    toCode(status, said),
    `${call}: the Kubernetes API answers ${status}${words === '' ? '' : `: ${words}`}`,
    {
      status,
      reason: said === null || said.reason === '' ? null : said.reason,
      causes: said?.details?.causes ?? [],
      retryAfterMs: toRetryAfterMs(retryAfter, said),
    },
  );
}

function toCode(status: number, said: ApiStatus | null): KubernetesErrorCode {
  if (status === 403) return said !== null && quotaWords.test(said.message) ? 'quota' : 'forbidden';
  const code = byReason[said?.reason ?? ''] ?? byStatus[status];
  if (code !== undefined) return code;
  return status >= 500 ? 'server-failure' : 'refused';
}

function toRetryAfterMs(header: string | null, said: ApiStatus | null): number | null {
  // Kubernetes sends seconds, never a date.
  const seconds = header !== null && /^\d{1,6}$/.test(header) ? Number(header) : said?.details?.retryAfterSeconds;
  return seconds === null || seconds === undefined ? null : seconds * 1000;
}

function readStatus(body: string): ApiStatus | null {
  try {
    return ApiStatus.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

function oneLine(body: string): string {
  return body.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}
