import type { Clock } from '../../runtime/clock.ts';
import type { KubernetesError } from './kubernetes-error.ts';

/**
 * Whether the API server answers, by the last call that came to anything. `since` is wall time in milliseconds.
 * - `untried`: none came to anything yet
 * - `connected`: it answers, whatever it says
 * - `unreachable`: it does not, or our own credentials cannot be had
 */
export type ServerConnection =
  | { readonly state: 'untried' }
  | { readonly state: 'connected'; readonly since: number }
  | { readonly state: 'unreachable'; readonly since: number; readonly error: string };

/** The requests of a client so far, for metrics. */
export interface RequestCounts {
  /** By verb, resource (with its subresource) and what came of it: the status, or the code of a `KubernetesError` without one. */
  readonly requests: readonly {
    readonly verb: string;
    readonly resource: string;
    readonly code: string;
    readonly count: number;
  }[];
  /** Calls that had to wait for their turn, and how long, all together. */
  readonly waits: number;
  readonly waitedMs: number;
  /** Watches and logs that are open. */
  readonly streams: number;
}

export interface RequestCounter {
  readonly counts: RequestCounts;
  readonly connection: ServerConnection;
  answered(verb: string, resource: string, status: number): void;
  failed(verb: string, resource: string, error: KubernetesError): void;
  waited(ms: number): void;
  streamsChanged(by: 1 | -1): void;
}

export function createRequestCounter(clock: Clock): RequestCounter {
  const requests = new Map<string, { verb: string; resource: string; code: string; count: number }>();
  let waits = 0;
  let waitedMs = 0;
  let streams = 0;
  let connection: ServerConnection = { state: 'untried' };

  function count(verb: string, resource: string, code: string): void {
    const key = `${verb} ${resource} ${code}`;
    const row = requests.get(key) ?? { verb, resource, code, count: 0 };
    row.count += 1;
    requests.set(key, row);
  }

  return {
    get counts() {
      return { requests: [...requests.values()].map((row) => ({ ...row })), waits, waitedMs, streams };
    },
    get connection() {
      return connection;
    },
    answered(verb, resource, status) {
      count(verb, resource, String(status));
      if (connection.state !== 'connected') connection = { state: 'connected', since: clock.now() };
    },
    failed(verb, resource, { code, message }) {
      count(verb, resource, code);
      const since = connection.state === 'unreachable' ? connection.since : clock.now();
      connection = { state: 'unreachable', since, error: message };
    },
    waited(ms) {
      if (ms > 0) waits += 1;
      waitedMs += ms;
    },
    streamsChanged(by) {
      streams += by;
    },
  };
}
