import type { Clock } from '../../../runtime/clock.ts';
import { findHindrance } from './classify-end.ts';
import type { JobContext } from './job-context.ts';
import type { JobRecord } from './job-record.ts';
import type { MainState } from './main-container.ts';
import type { PodView } from './pod-view.ts';
import { type RunnerState, readRunner } from './runner-container.ts';

/** So long a runner that was down has to live before it is well again. */
const steadyMs = 60_000;

/** For how long something of a Job has been as it is, in milliseconds; 0 for what is not so. */
export interface JobDurations {
  readonly sinceReleasedMs: number;
  readonly sinceWaitingMs: number;
  readonly sinceCrashingMs: number;
  readonly sinceEndedMs: number;
  readonly overdueMs: number;
}

/** When what is seen of a Job and its pod was seen for the first time, by the clock that nobody sets. */
export class JobMoments {
  readonly #clock: Clock;
  readonly #releasedAt: number;
  #waiting: { readonly what: string; readonly since: number } | null = null;
  #crashingAt: number | null = null;
  #steadyAt: number | null = null;
  #endedAt: number | null = null;
  #overdueAt: number | null = null;

  constructor(clock: Clock, { letGoAt }: Pick<JobRecord, 'letGoAt'>) {
    this.#clock = clock;
    this.#releasedAt = clock.monotonic() - Math.max(0, letGoAt === null ? 0 : clock.now() - letGoAt);
  }

  note(pod: PodView | null, main: MainState): void {
    const now = this.#clock.monotonic();
    if (main.type === 'ended') this.#endedAt ??= now;
    const hindrance = findHindrance(pod);
    if (hindrance === null) this.#waiting = null;
    else if (this.#waiting?.what !== hindrance) this.#waiting = { what: hindrance, since: now };
    this.#noteRunner(readRunner(pod));
    const { deletionTimestamp = null, deletionGracePeriodSeconds = null } = pod?.metadata ?? {};
    if (deletionTimestamp === null) this.#overdueAt = null;
    else this.#overdueAt ??= now + (deletionGracePeriodSeconds ?? 0) * 1000;
  }

  /** Since the Job was let go. */
  get sinceReleasedMs(): number {
    return Math.max(0, this.#clock.monotonic() - this.#releasedAt);
  }

  /** Each time that it is started it lives for a moment; only one that stays is well again. */
  #noteRunner(runner: RunnerState): void {
    const now = this.#clock.monotonic();
    this.#steadyAt = runner === 'running' ? (this.#steadyAt ?? now) : null;
    if (runner === 'crashing') this.#crashingAt ??= now;
    else if (this.#steadyAt !== null && now - this.#steadyAt >= steadyMs) this.#crashingAt = null;
  }

  durations(): JobDurations {
    const now = this.#clock.monotonic();
    const since = (at: number | null) => (at === null ? 0 : Math.max(0, now - at));
    return {
      sinceReleasedMs: this.sinceReleasedMs,
      sinceWaitingMs: since(this.#waiting?.since ?? null),
      sinceCrashingMs: since(this.#crashingAt),
      sinceEndedMs: since(this.#endedAt),
      overdueMs: since(this.#overdueAt),
    };
  }

  /** Until the next of them, or `stopAt`, may change what follows; no longer than `limits.lookMs`. */
  toRestMs(
    { pendingMs, imageMs }: Pick<JobRecord, 'pendingMs' | 'imageMs'>,
    { limits, stopAt }: Pick<JobContext, 'limits'> & { readonly stopAt: number | null },
  ): number {
    const now = this.#clock.monotonic();
    const moments = [
      this.#releasedAt + pendingMs,
      ...(this.#waiting === null ? [] : [this.#waiting.since + imageMs, this.#waiting.since + limits.configMs]),
      ...(this.#crashingAt === null ? [] : [this.#crashingAt + limits.runnerMs]),
      ...(this.#endedAt === null ? [] : [this.#endedAt + limits.settleMs]),
      ...(this.#overdueAt === null ? [] : [this.#overdueAt + limits.overdueMs]),
      ...(stopAt === null ? [] : [stopAt]),
    ];
    const next = moments.filter((at) => at > now).reduce((least, at) => Math.min(least, at), now + limits.lookMs);
    return Math.max(50, next - now);
  }
}
