/** The requests of a client so far, for metrics. */
export interface RequestCounts {
  /** By verb, resource (with its subresource) and what came of it: the status, or the code of a `KubernetesError` without one. */
  readonly requests: readonly {
    readonly verb: string;
    readonly resource: string;
    readonly code: string;
    readonly count: number;
  }[];
  /** How long calls waited for their turn, all together. */
  readonly waitedMs: number;
  /** Watches and logs that are open. */
  readonly streams: number;
}

export interface RequestCounter {
  readonly counts: RequestCounts;
  answered(verb: string, resource: string, code: string): void;
  waited(ms: number): void;
  streamsChanged(by: 1 | -1): void;
}

export function createRequestCounter(): RequestCounter {
  const requests = new Map<string, { verb: string; resource: string; code: string; count: number }>();
  let waitedMs = 0;
  let streams = 0;
  return {
    get counts() {
      return { requests: [...requests.values()].map((row) => ({ ...row })), waitedMs, streams };
    },
    answered(verb, resource, code) {
      const key = `${verb} ${resource} ${code}`;
      const row = requests.get(key) ?? { verb, resource, code, count: 0 };
      row.count += 1;
      requests.set(key, row);
    },
    waited(ms) {
      waitedMs += ms;
    },
    streamsChanged(by) {
      streams += by;
    },
  };
}
