import { ApiError } from './api-error.ts';
import type { CallOptions, OperationRequest, Problem } from './operations.ts';
import { pause } from './pause.ts';

export interface SenderOptions {
  /** Where the hub is, without a slash at the end. */
  readonly address: string;
  readonly token: string | null;
  /** How long an answer may take to begin. */
  readonly timeoutMs: number;
  /** How often a call that may be repeated is sent again after no answer, 429 or 5xx. */
  readonly retries: number;
  readonly fetch: typeof fetch;
}

/** One request, as it goes out: what `OperationRequest` has, and calls that no operation stands for. */
export type SentRequest = Pick<OperationRequest, 'method' | 'path' | 'query' | 'body' | 'headers'> & {
  readonly options?: CallOptions;
};

/** Resolves with an answer of success (2xx, or 304 where it was asked for), else rejects with `ApiError`, or with the signal's reason. */
export type Sender = (request: SentRequest) => Promise<Response>;

const firstRetryMs = 250;
const maxRetryMs = 10_000;
/** A hub that asks for more is not waited for: the caller hears of it. */
const maxAskedMs = 60_000;

export function createSender(options: SenderOptions): Sender {
  return async (request) => {
    const tries = isRepeatable(request) ? options.retries : 0;
    for (let failures = 0; ; failures++) {
      try {
        return await sendOnce(options, request);
      } catch (error) {
        if (!(error instanceof ApiError) || !error.isPassing || failures >= tries) throw error;
        const ownMs = Math.random() * Math.min(firstRetryMs * 2 ** failures, maxRetryMs);
        const askedMs = error.retryAfterMs ?? 0;
        if (askedMs > maxAskedMs) throw error;
        // Never before the hub asked for it, and those who were asked together come apart.
        await pause(askedMs + ownMs, request.options?.signal);
      }
    }
  };
}

/** Whether sending it twice does the same as once. */
function isRepeatable({ method, headers = {} }: SentRequest): boolean {
  return method === 'GET' || headers['Idempotency-Key'] !== undefined;
}

async function sendOnce(
  { address, token, timeoutMs, fetch }: SenderOptions,
  { method, path, query = {}, body, headers = {}, options = {} }: SentRequest,
): Promise<Response> {
  const { signal } = options;
  signal?.throwIfAborted();
  const limitMs = options.timeoutMs ?? timeoutMs;
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(), limitMs);
  try {
    const response = await fetch(`${address}${path}${toQueryText(query)}`, {
      method,
      headers: {
        accept: 'application/json, application/problem+json;q=0.9, */*;q=0.1',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...toHeaders(headers),
      },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: 'error',
      signal: signal === undefined ? overdue.signal : AbortSignal.any([overdue.signal, signal]),
    });
    options.onResponse?.(response);
    if (response.ok || response.status === 304) return response;
    throw await toError(address, response);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ApiError) throw error;
    const why = overdue.signal.aborted ? `no answer within ${limitMs / 1000} s` : toReason(error);
    throw new ApiError('unreachable', `no hub answers at ${address}: ${why}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** The answer as JSON; undefined when it has no body. Rejects with `ApiError`. */
export async function readJson(address: string, response: Response): Promise<unknown> {
  if (response.status === 204 || response.status === 304) return undefined;
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw new ApiError('unreachable', `the answer of ${address} broke off: ${toReason(error)}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError('not-a-hub', `${address} answered ${response.status} with something that is not JSON`, {
      cause,
    });
  }
}

async function toError(address: string, response: Response): Promise<ApiError> {
  const body = await readJson(address, response).catch(() => undefined);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  if (isProblem(body)) {
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
    return new ApiError('problem', body.detail === '' ? body.title : body.detail, { problem: body, retryAfterMs });
  }
  return new ApiError(
    'not-a-hub',
    `${address} answered ${response.status} ${response.statusText}, and not as a hub does`,
  );
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  const { code, title, detail, status } = value as Partial<Record<keyof Problem, unknown>>;
  return [code, title, detail].every((text) => typeof text === 'string') && typeof status === 'number';
}

function toQueryText(query: NonNullable<SentRequest['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [value].flat().map((one) => [name, String(one)]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

function toHeaders(headers: NonNullable<SentRequest['headers']>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** What fetch says is always "fetch failed"; the reason is below. */
function toReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  if (cause instanceof Error) return cause.message;
  return error instanceof Error ? error.message : String(error);
}
