import { isFinal, type JobState } from '../../protocol/job-state.ts';
import { Histogram } from '../../runtime/histogram.ts';
import type { Metric } from '../../runtime/metrics-text.ts';
import type { JobRecord } from '../store/records.ts';
import type { Change } from '../store/store.ts';
import { LabelledCounter } from './labelled-counter.ts';

const waitBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const runBounds = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400];

interface KnownJob {
  state: JobState;
  isStarted: boolean;
  isGiven: boolean;
}

/** Jobs in numbers: those that are open, and what happened to jobs since this hub started. */
export class JobCounts {
  readonly #open = new Map<string, KnownJob>();
  readonly #ended = new LabelledCounter();
  readonly #wait = new Histogram(waitBounds);
  readonly #start = new Histogram(waitBounds);
  readonly #run = new Histogram(runBounds);
  #submitted = 0;

  /** Something that was open when the hub started: it counts as being there, not as having come. */
  loaded(change: Change): void {
    if (change.type === 'job') this.#keep(change.job);
    if (change.type === 'attempt' && change.attempt.state !== 'agent-lost') {
      const { jobId, state, startedAt } = change.attempt;
      const isGiven = state === 'running';
      this.#open.set(jobId, { state: isGiven ? 'running' : 'offered', isGiven, isStarted: startedAt !== null });
    }
  }

  /** A change that was committed, at `now`. */
  changed(change: Change, now: number): void {
    if (change.type !== 'job') return;
    const { job } = change;
    const known = this.#open.get(job.id);
    if (job.version === 1 && known === undefined) this.#submitted++;
    if (job.state === 'running' && known?.isGiven !== true) this.#wait.observe(secondsBetween(job.createdAt, now));
    if (job.startedAt !== null && known?.isStarted !== true && known !== undefined) {
      this.#start.observe(secondsBetween(job.createdAt, job.startedAt));
    }
    if (isFinal(job.state)) {
      if (known !== undefined || job.version === 1) this.#end(job);
      return;
    }
    this.#keep(job);
  }

  get openJobs(): Readonly<Record<'queued' | 'offered' | 'running', number>> {
    const counts = { queued: 0, offered: 0, running: 0 };
    for (const { state } of this.#open.values()) if (state in counts) counts[state as keyof typeof counts]++;
    return counts;
  }

  toMetrics(): readonly Metric[] {
    const { openJobs } = this;
    return [
      {
        type: 'gauge',
        name: 'farhand_hub_jobs',
        help: 'Jobs that have not ended, by state.',
        samples: Object.entries(openJobs).map(([state, value]) => ({ labels: { state }, value })),
      },
      {
        type: 'counter',
        name: 'farhand_hub_jobs_submitted_total',
        help: 'Jobs that were submitted.',
        samples: [{ value: this.#submitted }],
      },
      {
        type: 'counter',
        name: 'farhand_hub_jobs_ended_total',
        help: 'Jobs that ended, by how and why.',
        samples: this.#ended.toSamples(),
      },
      {
        type: 'histogram',
        name: 'farhand_hub_job_wait_seconds',
        help: 'Time from the submission of a job to its being given to an agent.',
        samples: [this.#wait.toSample()],
      },
      {
        type: 'histogram',
        name: 'farhand_hub_job_start_seconds',
        help: 'Time from the submission of a job to the start of its program.',
        samples: [this.#start.toSample()],
      },
      {
        type: 'histogram',
        name: 'farhand_hub_job_run_seconds',
        help: 'Time from the start of a program to its end.',
        samples: [this.#run.toSample()],
      },
    ];
  }

  #keep({ id, state, startedAt }: JobRecord): void {
    const known = this.#open.get(id);
    const isGiven = state === 'running' || known?.isGiven === true;
    this.#open.set(id, { state, isGiven, isStarted: startedAt !== null || known?.isStarted === true });
  }

  #end({ id, state, cause, startedAt, finishedAt }: JobRecord): void {
    this.#open.delete(id);
    this.#ended.add({ state, cause: cause ?? '' });
    if (startedAt !== null && finishedAt !== null) this.#run.observe(secondsBetween(startedAt, finishedAt));
  }
}

/** Clocks of agents may be behind. */
function secondsBetween(from: number, to: number): number {
  return Math.max(to - from, 0) / 1000;
}
