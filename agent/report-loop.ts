import { arch, hostname, platform, release } from 'node:os';
import type { AgentReport } from '../protocol/agent-report.ts';
import type { Labels } from '../protocol/labels.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { LoopBoard } from '../runtime/loop-board.ts';
import type { StatusLister } from '../sync/status-lister.ts';
import type { Catalog } from './automations/catalog.ts';
import { isOtherLag } from './is-other-lag.ts';
import type { LoopLag } from './loop-lag.ts';
import { toOneLine } from './one-line.ts';

/** Reports follow each other by this much at least; the first after a quiet time goes at once. */
const coalesceMs = 200;
const lagPeriodMs = 15_000;
const maxProblems = 100;
const maxProblemLength = 1024;

export interface ReportOptions {
  readonly agentId: string;
  readonly labels: Labels;
  readonly version: string;
  /** Of this process. */
  readonly bootId: string;
  readonly transport: string;
  readonly catalog: Catalog;
  readonly slots: () => AgentReport['slots'];
  readonly health: () => AgentReport['health'];
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
  /** As it was last measured. */
  readonly loopLagMs: number;
}

export function startReportLoop(options: ReportOptions): ReportLoop {
  const { agentId, catalog, clock, loopLag } = options;
  const self = { os: platform(), arch: arch(), release: release(), hostname: hostname(), node: process.version };
  const loop = options.loops.open('reports');
  let loopLagMs = 0;
  let toldLagMs = 0;
  let pending: Timer | null = null;
  let publishedAt = Number.NEGATIVE_INFINITY;

  function publish(): void {
    pending = null;
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

  function measure(): Timer {
    return clock.schedule(
      lagPeriodMs,
      () => {
        loopLagMs = loopLag.take();
        loop.does('waits for news, and to measure again how late the event loop is', { nextInMs: lagPeriodMs });
        if (isOtherLag(loopLagMs, toldLagMs)) {
          toldLagMs = loopLagMs;
          changed();
        }
        measuring = measure();
      },
      { background: true },
    );
  }

  function report(): AgentReport {
    const health = options.health();
    const problems = health.problems.slice(0, maxProblems).map((problem) => toOneLine(problem, maxProblemLength));
    return {
      labels: options.labels,
      version: options.version,
      bootId: options.bootId,
      platform: self,
      transport: options.transport,
      sessionAddress: null,
      slots: options.slots(),
      automations: [...catalog.current.automations.values()].map(({ summary }) => summary),
      health: { state: health.state, problems },
      loopLagMs: toldLagMs,
    };
  }

  loop.does('waits for news, and to measure how late the event loop is', { nextInMs: lagPeriodMs });
  let measuring = measure();
  const stopListening = catalog.onChange(changed);
  return {
    changed,
    get loopLagMs() {
      return loopLagMs;
    },
    statuses: {
      list: async () => [{ id: agentId, status: report() }],
      get: async (id) => (id === agentId ? report() : null),
    },
    [Symbol.dispose]: () => {
      stopListening();
      measuring.cancel();
      pending?.cancel();
      loop[Symbol.dispose]();
    },
  };
}
