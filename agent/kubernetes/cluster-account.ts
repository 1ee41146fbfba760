import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { LoopBoard } from '../../runtime/loop-board.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { JobsStatus } from '../executors/kubernetes/jobs-status.ts';
import type { Kubernetes } from './open-kubernetes.ts';
import { checkPermissions, type Preflight } from './preflight.ts';
import type { RequestCounts, ServerConnection } from './request-counts.ts';

/** The cluster that an agent uses, on its status page. */
export interface ClusterAccountStatus {
  readonly cluster: string;
  readonly server: string;
  /** Where the credentials come from. */
  readonly from: string;
  readonly namespace: string;
  readonly connection: {
    readonly state: ServerConnection['state'];
    /** ISO 8601; null while it is `untried`. */
    readonly since: string | null;
    /** Why it is `unreachable`; null where it is not. */
    readonly error: string | null;
  };
  /** When the permissions were last looked at: ISO 8601; null before. */
  readonly checkedAt: string | null;
  /** A sentence for each permission that is missing. */
  readonly missing: readonly string[];
  /** Why they could not be looked at the last time; null where they could. */
  readonly error: string | null;
  readonly requests: RequestCounts;
  readonly jobs: JobsStatus;
}

/** What there is to say of the use of a cluster: whether it can be reached, and lets us. */
export interface ClusterAccount {
  readonly status: ClusterAccountStatus;
  problems(): readonly string[];
  /** Tells `listener`, and nobody else from then on, when a problem came or went. */
  onChange(listener: () => void): void;
}

/** Somebody may take a permission away, or grant it, at any time. */
const checkAgainMs = 10 * 60_000;
const retryMs = 60_000;

/** Looks at the permissions at the start, and again and again. Never rejects. */
export function startClusterAccount(options: {
  readonly kubernetes: Kubernetes;
  readonly jobs: () => JobsStatus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly loops: LoopBoard;
}): ClusterAccount & AsyncDisposable {
  const { kubernetes, jobs, clock, logger, loops } = options;
  const { client, cluster, server, from, features } = kubernetes;
  const stop = new AbortController();
  const { signal } = stop;
  let found: Preflight = { missing: [], asked: 0 };
  let checkedAt: number | null = null;
  let error: string | null = null;
  let listener: () => void = () => {};

  function toProblems(): readonly string[] {
    return [
      ...found.missing.map((words) => `cluster ${cluster}: ${words}`),
      ...(error === null ? [] : [`cluster ${cluster} cannot be asked what we may do: ${error}`]),
    ];
  }

  async function check(): Promise<void> {
    const before = toProblems().join('\n');
    try {
      found = await checkPermissions(client, { features, signal });
      checkedAt = clock.now();
      error = null;
    } catch (caught) {
      if (signal.aborted) return;
      error = caught instanceof Error ? caught.message : String(caught);
    }
    const problems = toProblems();
    if (problems.join('\n') === before) return;
    for (const problem of problems) logger.warn({ problem }, 'cluster cannot be used as configured');
    listener();
  }

  async function run(): Promise<void> {
    using loop = loops.open('cluster permissions');
    while (!signal.aborted) {
      loop.does('asks what the agent may do');
      await check();
      if (error === null) loop.turned();
      else loop.failed(new Error(error));
      const nextInMs = toProblems().length === 0 ? checkAgainMs : retryMs;
      loop.does('waits for its time', { nextInMs });
      await sleep(clock, nextInMs, signal);
    }
  }

  const running = run();
  return {
    get status() {
      return {
        cluster,
        server,
        from,
        namespace: client.namespace,
        connection: toConnectionStatus(client.connection),
        checkedAt: checkedAt === null ? null : new Date(checkedAt).toISOString(),
        missing: found.missing,
        error,
        requests: client.counts,
        jobs: jobs(),
      };
    },
    problems: toProblems,
    onChange(given) {
      listener = given;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

function toConnectionStatus(connection: ServerConnection): ClusterAccountStatus['connection'] {
  if (connection.state === 'untried') return { state: 'untried', since: null, error: null };
  const { state, since } = connection;
  const error = connection.state === 'unreachable' ? connection.error : null;
  return { state, since: new Date(since).toISOString(), error };
}
