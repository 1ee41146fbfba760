import { arch, hostname, platform, release } from 'node:os';
import type { AgentReport } from '../protocol/agent-report.ts';
import type { Labels } from '../protocol/labels.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { LoopBoard } from '../runtime/loop-board.ts';
import type { LoopLag } from '../runtime/loop-lag.ts';
import type { StatusLister } from '../sync/status-lister.ts';
import { areOtherMeasures, type Measures } from './are-other-measures.ts';
import type { Automation } from './automations/automation.ts';
import type { Catalog } from './automations/catalog.ts';
import type { Executors } from './executors/executors.ts';
import { toOneLine } from './one-line.ts';

/** Reports follow each other by this much at least; the first after a quiet time goes at once. */
const coalesceMs = 200;
/** What moves all the time (loop lag, pressure) is looked at this often, and told when it has moved by much. */
const measuresEveryMs = 15_000;
const maxProblems = 100;
const maxProblemLength = 1024;

export interface ReportOptions {
  readonly agentId: string;
  readonly labels: Labels;
  readonly version: string;
  /** Of this process. */
  readonly bootId: string;
  /** Of the control channel. */
  readonly transport: () => string;
  readonly catalog: Catalog;
  readonly executors: Executors;
  readonly slots: () => AgentReport['slots'];
  readonly health: () => AgentReport['health'];
  readonly admission: () => AgentReport['admission'];
  readonly key: () => AgentReport['key'];
  readonly loopLag: LoopLag;
  readonly clock: Clock;
  /** Tells the control channel that there is a new report. */
  readonly publish: () => void;
  readonly loops: LoopBoard;
}

/** What the agent says of itself, told when it changes. */
export interface ReportLoop extends Disposable {
  /** Something that the report is made of may be another. */
  changed(): void;
  readonly statuses: StatusLister<AgentReport>;
}

export function startReportLoop(options: ReportOptions): ReportLoop {
  const { agentId, catalog, executors, clock } = options;
  const self = { os: platform(), arch: arch(), release: release(), hostname: hostname(), node: process.version };
  const loop = options.loops.open('reports');
  let told = measure();
  let pending: Timer | null = null;
  let publishedAt = Number.NEGATIVE_INFINITY;

  function measure(): Measures {
    return { loopLagMs: options.loopLag.latest.p99Ms, values: options.admission()?.values ?? null };
  }

  function publish(): void {
    pending = null;
    told = measure();
    publishedAt = clock.monotonic();
    options.publish();
    loop.turned();
  }

  function changed(): void {
    if (pending !== null) return;
    const waitMs = publishedAt + coalesceMs - clock.monotonic();
    if (waitMs <= 0) publish();
    else pending = clock.schedule(waitMs, publish, { background: true });
  }

  function tellMeasures(): Timer {
    loop.does('waits for news, and to look what was measured', { nextInMs: measuresEveryMs });
    return clock.schedule(
      measuresEveryMs,
      () => {
        if (areOtherMeasures(measure(), told)) changed();
        telling = tellMeasures();
      },
      { background: true },
    );
  }

  /** What nobody can run now is not offered; `/status` says why. */
  function isOffered({ executor }: Automation): boolean {
    return executors.find(executor.name).obstacle() === null;
  }

  /** The same as long as nothing is published: the hub asks whether it has it, and would be sent it for every figure that moved. */
  function report(): AgentReport {
    const health = options.health();
    const admission = options.admission();
    const { loopLagMs, values } = told;
    const problems = health.problems.slice(0, maxProblems).map((problem) => toOneLine(problem, maxProblemLength));
    return {
      labels: options.labels,
      version: options.version,
      bootId: options.bootId,
      platform: self,
      transport: options.transport(),
      sessionAddress: null,
      slots: options.slots(),
      automations: [...catalog.current.automations.values()].filter(isOffered).map(({ summary }) => summary),
      health: { state: health.state, problems },
      loopLagMs,
      admission: admission === null || values === null ? null : { ...admission, values },
      key: options.key(),
      clusters: [],
    };
  }

  let telling = tellMeasures();
  const stopListening = [catalog.onChange(changed), ...executors.list.map((executor) => executor.onChange(changed))];
  return {
    changed,
    statuses: {
      list: async () => [{ id: agentId, status: report() }],
      get: async (id) => (id === agentId ? report() : null),
    },
    [Symbol.dispose]: () => {
      for (const stop of stopListening) stop();
      telling.cancel();
      pending?.cancel();
      loop[Symbol.dispose]();
    },
  };
}
