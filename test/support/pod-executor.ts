import type { CommandEnd } from '../../agent/executors/command-end.ts';
import type { Execution } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';
import { readWrapperWords } from '../../agent/executors/neighbour/neighbour-end.ts';
import { processKind } from '../../agent/executors/process/process-kind.ts';
import { RunnerOrder } from '../../agent/runner/runner-order.ts';
import { parseRunnerWords } from '../../agent/runner/runner-words.ts';
import { type Container, createLocalPod, type LocalPod } from './local-pod.ts';

/** A pod as the cluster keeps it: it ends with its job's container, and starts its runner anew when that ends before. */
export interface KeptPod extends AsyncDisposable {
  readonly pod: LocalPod;
  readonly neighbour: Container | null;
  readonly runner: Container | null;
  readonly ended: Promise<void>;
  readonly isOver: boolean;
  /** All of it at once, with what it has. */
  kill(): Promise<void>;
  /** TERM to the job's container, then to the runner, each with its time. */
  stop(graceMs: number): Promise<void>;
}

export interface PodCluster extends AsyncDisposable {
  /** For an agent; another agent on the same folder finds the same pods. */
  readonly executor: Executor;
  readonly pods: readonly KeptPod[];
}

export interface PodClusterOptions {
  readonly hubUrl: string;
  /** How many pods it makes of one job. */
  readonly copies?: number;
  /** False: images cannot be had, and nothing of a pod ever runs. */
  readonly runs?: boolean;
}

/** How long a runner has after its job's container. */
const runnerGraceMs = 20_000;

async function keepPod(pod: LocalPod, runs: boolean): Promise<KeptPod> {
  let isOver = false;
  let isKilled = false;
  let runner: Container | null = null;
  const neighbour = runs ? pod.startNeighbour() : null;
  const killed = Promise.withResolvers<void>();
  const keepRunner = async () => {
    while (runs && !isOver && !isKilled) {
      runner = pod.startRunner();
      await runner.ended;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const keeping = keepRunner();
  const run = async () => {
    await Promise.race([neighbour?.ended ?? killed.promise, killed.promise]);
    isOver = true;
    runner?.signal('SIGTERM');
    const late = setTimeout(() => runner?.signal('SIGKILL'), isKilled ? 0 : runnerGraceMs);
    await keeping;
    clearTimeout(late);
  };
  const ended = run();
  const kept: KeptPod = {
    pod,
    neighbour,
    get runner() {
      return runner;
    },
    ended,
    get isOver() {
      return isOver;
    },
    async kill() {
      isKilled = true;
      neighbour?.signal('SIGKILL');
      runner?.signal('SIGKILL');
      killed.resolve();
      await ended;
    },
    async stop(graceMs) {
      neighbour?.signal('SIGTERM');
      const late = setTimeout(() => void kept.kill(), neighbour === null ? 0 : graceMs);
      await ended;
      clearTimeout(late);
    },
    async [Symbol.asyncDispose]() {
      await kept.kill();
      await pod[Symbol.asyncDispose]();
    },
  };
  return kept;
}

/** Local processes in the place of pods, behind the port of executors. */
export function createPodCluster(options: PodClusterOptions): PodCluster {
  const { hubUrl, copies = 1, runs = true } = options;
  const jobs = new Map<string, readonly KeptPod[]>();
  const pods: KeptPod[] = [];

  function follow(job: readonly KeptPod[]): Execution {
    const ended = Promise.all(job.map((one) => one.ended)).then(() => {});
    return {
      ended,
      started: ended.then(() => null),
      signal: async () => {},
      async clear({ graceMs }) {
        await Promise.all(job.map((one) => one.stop(graceMs)));
        return { escaped: 0 };
      },
    };
  }

  function readWords(job: readonly KeptPod[]): CommandEnd | null {
    for (const { pod } of job) {
      const words = readWrapperWords(pod.lastWords());
      if (words === null) continue;
      const left = parseRunnerWords(pod.runnerWords());
      const log = left?.type === 'log' ? left.log : undefined;
      return { type: 'exit', status: words.status, marked: words.wasAsked || words.wasTold, at: null, log };
    }
    return null;
  }

  return {
    pods,
    executor: {
      kind: processKind,
      handsOver: true,
      obstacle: () => null,
      onChange: () => () => {},
      async start({ folder }, { handover }) {
        if (handover === undefined) throw new Error('expected a ticket, got a command to run here');
        const order = RunnerOrder.parse(JSON.parse(handover.order));
        const { ticket, automation } = handover;
        const job: KeptPod[] = [];
        for (let count = 0; count < copies; count += 1) {
          const pod = await createLocalPod({ hubUrl, order, ticket, automation: automation.text });
          job.push(await keepPod(pod, runs));
        }
        jobs.set(folder, job);
        pods.push(...job);
        return { type: 'started', execution: follow(job) };
      },
      inspect: async () => ({ type: 'none' }),
      takeFence: async () => false,
      async adopt({ folder }) {
        const job = jobs.get(folder);
        return job === undefined || job.every((one) => one.isOver) ? null : follow(job);
      },
      readEnd: async ({ folder }) => readWords(jobs.get(folder) ?? []),
      findGaps: async () => [],
      async release({ folder }) {
        await Promise.all((jobs.get(folder) ?? []).map((one) => one.kill()));
      },
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pods.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
