import { type Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import type { Clock } from '../../runtime/clock.ts';
import { toDestination } from '../../runtime/network/destination.ts';
import type { Outlet } from '../../runtime/network/outlet.ts';
import { createOutletAgent } from '../../runtime/network/outlet-agent.ts';
import { OutletError } from '../../runtime/network/outlet-error.ts';
import { toSystemWords } from '../../runtime/network/system-words.ts';
import type { ClusterAccess } from './access/cluster-access.ts';
import { KubernetesError } from './kubernetes-error.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly accept: string;
  readonly contentType: string | null;
  readonly body: string | null;
  /** For messages. */
  readonly call: string;
  readonly signal: AbortSignal;
  /** How long the head of the answer may take. Its body takes as long as it takes. */
  readonly headWithinMs: number;
}

/** One exchange at a time on each connection to the API server; connections are kept. */
export interface ApiConnection extends AsyncDisposable {
  /**
   * Resolves with an answer of any status, whose body the caller reads or destroys. Rejects with `KubernetesError` (`credentials`, `unreachable`,
   * `timeout`) or the signal's reason.
   */
  exchange(request: ApiRequest): Promise<IncomingMessage>;
}

export function createApiConnection(options: {
  readonly access: ClusterAccess;
  readonly outlet: Outlet;
  readonly clock: Clock;
}): ApiConnection {
  const { access, clock } = options;
  const { server } = access;
  const outlet = options.outlet.toward(access);
  const destination = toDestination(server, ['http/1.1']);
  const prefix = server.pathname.replace(/\/+$/, '');
  let kept: { readonly identity: string; readonly agent: Agent } | null = null;

  /** Connections that are open speak for who opened them. */
  function agentFor(identity: string): Agent {
    if (kept !== null && kept.identity === identity) return kept.agent;
    // What is under way on the old ones goes on.
    if (kept !== null) closeFree(kept.agent);
    kept = { identity, agent: createOutletAgent(outlet, destination) };
    return kept.agent;
  }

  function toFailure(error: unknown, { call }: ApiRequest): KubernetesError {
    if (error instanceof KubernetesError) return error;
    const cause = error instanceof OutletError ? error : (outlet.explain(error, destination) ?? error);
    const words = cause instanceof OutletError ? cause.message : `the connection broke: ${toSystemWords(cause)}`;
    return new KubernetesError('unreachable', `${call}: ${words}`, { cause });
  }

  function attempt(request: ApiRequest, agent: Agent, header: string | null): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { body, contentType, signal } = request;
    const asked = requestHttp({
      agent,
      method: request.method,
      path: `${prefix}${request.path}`,
      host: destination.host,
      setHost: false,
      headers: {
        host: server.host,
        'user-agent': 'farhand',
        accept: request.accept,
        ...(header === null ? {} : { authorization: header }),
        ...(contentType === null ? {} : { 'content-type': contentType }),
        ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
    });
    const late = clock.schedule(request.headWithinMs, () => {
      const words = `no answer in ${request.headWithinMs / 1000} s`;
      asked.destroy(new KubernetesError('timeout', `${request.call}: ${words}`));
    });
    const abort = () => asked.destroy(toError(signal.reason));
    signal.addEventListener('abort', abort);
    asked.on('error', (error) => reject(signal.aborted ? signal.reason : new Broken(error, asked.reusedSocket)));
    asked.on('response', (answer) => {
      late.cancel();
      // What befalls the rest of the answer is told by the answer.
      answer.on('error', () => {});
      resolve(answer);
    });
    asked.on('close', () => {
      late.cancel();
      signal.removeEventListener('abort', abort);
    });
    if (signal.aborted) abort();
    asked.end(body ?? undefined);
    return promise;
  }

  return {
    async exchange(request) {
      const { signal } = request;
      for (let isAgain = false; ; isAgain = true) {
        const { header, identity } = await access.authorize({ signal });
        try {
          return await attempt(request, agentFor(identity), header);
        } catch (error) {
          signal.throwIfAborted();
          if (!isAgain && isStale(error, request)) continue;
          throw toFailure(error instanceof Broken ? error.cause : error, request);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      kept?.agent.destroy();
    },
  };
}

/** A request that ended without an answer. */
class Broken extends Error {
  override readonly name = 'Broken';
  readonly wasKept: boolean;

  constructor(cause: unknown, wasKept: boolean) {
    super('no answer', { cause });
    this.wasKept = wasKept;
  }
}

/** The server closed a kept connection while we took it: what only reads, and what names the uid to delete, may be asked once more. */
function isStale(error: unknown, { method }: ApiRequest): boolean {
  if (!(error instanceof Broken) || !error.wasKept || error.cause instanceof KubernetesError) return false;
  return method === 'GET' || method === 'DELETE';
}

function closeFree(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
