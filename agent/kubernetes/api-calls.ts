import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { Clock } from '../../runtime/clock.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { ClusterAccess } from './access/cluster-access.ts';
import { type ApiRequest, createApiConnection } from './api-connection.ts';
import { type Collection, toApiPath, toCallWords } from './api-resource.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { type Permission, permissions } from './permissions.ts';
import { readBody } from './read-body.ts';
import type { RequestCounter } from './request-counts.ts';
import { toKubernetesError } from './to-kubernetes-error.ts';
import { createTokenBucket } from './token-bucket.ts';

/** A server that wants to be left alone for longer than this is asked again by whoever called, not here. */
const maxRetryAfterMs = 30_000;
const headWithinMs = 30_000;

/** A call that is a row of the table of permissions. */
export interface ApiCall {
  readonly verb: Permission['verb'];
  readonly place: Collection & { readonly name?: string };
  readonly subresource?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly contentType?: string;
  readonly body?: string;
  readonly headWithinMs?: number;
  readonly signal: AbortSignal;
}

/** One that every client may make. */
export type OpenCall = Pick<ApiRequest, 'method' | 'path' | 'body' | 'call' | 'signal'> & {
  readonly verb: string;
  readonly resource: string;
};

/** Calls of the API, in turn, with what is done about an answer that is no success. */
export interface ApiCalls extends AsyncDisposable {
  /** Resolves with an answer of 2xx. Throws for a call that is no row of `permissions.ts`. */
  send(call: ApiCall): Promise<IncomingMessage>;
  sendOpen(call: OpenCall): Promise<IncomingMessage>;
  /** The whole answer, as `schema` says; `malformed` otherwise. */
  read<T>(answer: IncomingMessage, how: ReadOptions<T>): Promise<T>;
}

interface ReadOptions<T> {
  readonly call: string;
  readonly schema: z.ZodType<T>;
  readonly signal: AbortSignal;
}

const methods = { create: 'POST', delete: 'DELETE', get: 'GET', list: 'GET', patch: 'PATCH', watch: 'GET' } as const;

type Exchange = Omit<ApiRequest, 'accept' | 'headWithinMs'> & {
  readonly headWithinMs?: number | undefined;
  readonly counted: readonly [verb: string, resource: string];
};

export function createApiCalls(options: {
  readonly access: ClusterAccess;
  readonly outlet: Outlet;
  readonly clock: Clock;
  readonly counter: RequestCounter;
  readonly perSecond: number;
  readonly burst: number;
}): ApiCalls {
  const { access, clock, counter, perSecond, burst } = options;
  const connection = createApiConnection(options);
  const bucket = createTokenBucket({ perSecond, burst, clock });

  async function ask(request: Exchange): Promise<IncomingMessage> {
    const { counted, signal } = request;
    counter.waited(await bucket.take({ signal }));
    try {
      const within = request.headWithinMs ?? headWithinMs;
      const answer = await connection.exchange({ ...request, headWithinMs: within, accept: 'application/json' });
      counter.answered(...counted, answer.statusCode ?? 0);
      return answer;
    } catch (error) {
      if (error instanceof KubernetesError) counter.failed(...counted, error);
      else if (hasTimedOut(signal)) counter.failed(...counted, toTimeout(request.call));
      throw error;
    }
  }

  async function exchange(request: Exchange): Promise<IncomingMessage> {
    const { call, signal } = request;
    let isRenewed = false;
    let hasWaited = false;
    for (;;) {
      const answer = await ask(request);
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) return answer;
      const body = await readBody(answer, { call, clock, signal }).catch(() => '');
      signal.throwIfAborted();
      const error = toKubernetesError({ call, status, retryAfter: answer.headers['retry-after'] ?? null, body });
      if (status === 401 && !isRenewed) {
        isRenewed = true;
        access.refused();
        continue;
      }
      const { retryAfterMs } = error;
      const isBusy = status === 429 || status >= 500;
      if (!isBusy || hasWaited || retryAfterMs === null || retryAfterMs > maxRetryAfterMs) throw error;
      hasWaited = true;
      await sleep(clock, retryAfterMs, signal);
    }
  }

  return {
    send(call) {
      const { verb, place, subresource = null, query = {}, signal } = call;
      const words = toCallWords(verb, place, subresource);
      if (!isAllowed(verb, place, subresource)) throw new Error(`expected a row in permissions.ts for: ${words}`);
      const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
      const search = new URLSearchParams(given).toString();
      const { plural } = place.resource;
      return exchange({
        method: methods[verb],
        path: `${toApiPath(place, subresource)}${search === '' ? '' : `?${search}`}`,
        contentType: call.contentType ?? (call.body === undefined ? null : 'application/json'),
        body: call.body ?? null,
        call: words,
        signal,
        headWithinMs: call.headWithinMs,
        counted: [verb, subresource === null ? plural : `${plural}/${subresource}`],
      });
    },
    sendOpen: ({ verb, resource, ...call }) =>
      exchange({ ...call, contentType: call.body === null ? null : 'application/json', counted: [verb, resource] }),
    async read(answer, { call, schema, signal }) {
      const text = await readBody(answer, { call, clock, signal });
      try {
        return schema.parse(JSON.parse(text));
      } catch (error) {
        const got = text.slice(0, 100).replaceAll(/\s+/g, ' ');
        throw new KubernetesError('malformed', `${call}: expected JSON of the Kubernetes API, got ${got}`, {
          cause: error,
        });
      }
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** Its caller gave it so long and no longer. */
function hasTimedOut({ reason }: AbortSignal): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

function toTimeout(call: string): KubernetesError {
  return new KubernetesError('timeout', `${call}: no answer in the time that there was`);
}

function isAllowed(verb: Permission['verb'], { resource }: Collection, subresource: string | null): boolean {
  return permissions.some(
    (row) =>
      row.verb === verb &&
      row.group === resource.group &&
      row.resource === resource.plural &&
      row.subresource === subresource,
  );
}
