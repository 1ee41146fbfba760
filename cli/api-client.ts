import type { z } from 'zod';
import { parse } from '../protocol/parse.ts';
import { Problem } from '../protocol/problem.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { ApiError } from './api-error.ts';

/** How long an answer may take to begin. */
const answerTimeoutMs = 30_000;

export interface ApiRequest {
  readonly method?: 'GET' | 'POST';
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The hub's API over HTTP. Everything rejects with `ApiError`, or with the signal's reason once that aborts. */
export interface ApiClient {
  /** Where the hub is, without a slash at the end. */
  readonly address: string;
  /** The answer, checked. What a newer hub says beyond the schema stays in it when the schema is loose. */
  call<T>(request: ApiRequest, schema: z.ZodType<T>): Promise<T>;
  /** The answer as it comes. It is an answer of success: 2xx. */
  open(request: ApiRequest): Promise<Response>;
}

export function createApiClient({
  address,
  token,
}: {
  readonly address: string;
  readonly token: string | null;
}): ApiClient {
  const open = async (request: ApiRequest): Promise<Response> => {
    const response = await send(address, token, request);
    if (!response.ok) throw await toError(address, response);
    return response;
  };
  return {
    address,
    open,
    async call(request, schema) {
      const response = await open(request);
      const value = await readJson(address, response);
      try {
        return parse(schema, value, 'answer of the hub');
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        throw new ApiError(
          'not-a-hub',
          `${address} gave an answer that farhand does not understand: ${error.message}`,
          { cause: error },
        );
      }
    },
  };
}

async function send(
  address: string,
  token: string | null,
  { method = 'GET', path, body, headers, signal }: ApiRequest,
): Promise<Response> {
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(), answerTimeoutMs);
  try {
    return await fetch(`${address}/api/v1${path}`, {
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: 'error',
      signal: signal === undefined ? overdue.signal : AbortSignal.any([overdue.signal, signal]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    const why = overdue.signal.aborted ? `no answer within ${answerTimeoutMs / 1000} s` : toReason(error);
    throw new ApiError('unreachable', `no hub answers at ${address}: ${why}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function toError(address: string, response: Response): Promise<ApiError> {
  const problem = Problem.safeParse(await readJson(address, response).catch(() => undefined));
  if (problem.success) return new ApiError('problem', problem.data.detail, { problem: problem.data });
  return new ApiError(
    'not-a-hub',
    `${address} answered ${response.status} ${response.statusText}, and not as a hub does`,
  );
}

async function readJson(address: string, response: Response): Promise<unknown> {
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

/** What fetch says is always "fetch failed"; the reason is below. */
function toReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  if (cause instanceof Error) return cause.message;
  return error instanceof Error ? error.message : String(error);
}
