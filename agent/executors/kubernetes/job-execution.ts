import { join } from 'node:path';
import type { Gap } from '../../../protocol/attempt-result.ts';
import { sleep } from '../../../runtime/sleep.ts';
import { writeWhole } from '../../../runtime/write-file.ts';
import { createBell } from '../../attempts/bell.ts';
import { outputsFileName } from '../../automations/program-outputs.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import type { RecordFile } from '../../record-file.ts';
import type { CommandEnd } from '../command-end.ts';
import type { Execution, ExecutionTarget } from '../execution.ts';
import { NotNow } from '../not-now.ts';
import { classifyEnd, type ExitEnd, type PlatformEnd, type Verdict } from './classify-end.ts';
import { toEndBesideRunner } from './end-beside-runner.ts';
import type { SeenJob } from './job-board.ts';
import type { JobContext } from './job-context.ts';
import type { JobState } from './job-counts.ts';
import { copyJobLog, findLeftGaps } from './job-log-copy.ts';
import { JobMoments } from './job-moments.ts';
import type { JobRecord } from './job-record.ts';
import { type MainState, readMain } from './main-container.ts';
import { findCondition, hasHadPod, type JobView } from './pod-view.ts';

/** What the kubelet keeps of a termination message. Source: Kubernetes, MaxContainerTerminationMessageLength. */
const maxMessageBytes = 4096;
const failureMs = 2_000;
/** The least that a pod can be given to end by itself. */
const shortestGraceSeconds = 1;
/** A Job that was deleted before it made a pod may be making one in that moment. */
const lateMs = 2_000;

interface Stop {
  graceMs: number;
  readonly since: number;
  hasAsked: boolean;
  /** Its node was told, and has TERM, grace and KILL of its own. */
  isByNode: boolean;
  isShortened: boolean;
}

/**
 * Follows one Job that was let go, to its end. Everything it does is decided anew from what is seen of the Job and its pod, so that it is the same after a
 * restart of the agent: the Job is let go if it is not yet, the log is copied once there is one, what was to be stopped is stopped, and
 * the end is written down when the log was read. Where the cluster cannot be asked it waits, and concludes nothing.
 */
export class JobExecution implements Execution {
  readonly ended: Promise<void>;
  readonly started: Promise<{ readonly at: number } | null>;
  readonly #context: JobContext;
  readonly #target: ExecutionTarget;
  readonly #file: RecordFile<JobRecord>;
  readonly #changed = createBell();
  readonly #finish: () => void;
  readonly #tellStart: (started: { readonly at: number } | null) => void;
  #record: JobRecord;
  #stop: Stop | null = null;
  #log: Promise<readonly Gap[] | null> | null = null;
  #logChanged = createBell();
  #refusal: NotNow | null = null;
  #isOver = false;
  #job: JobView | null = null;
  #isWatched = false;
  /** Of the Job that is there or was: a pod of its own was seen, by us or by itself. */
  #hasHadPod = false;
  #isUncounted: boolean;
  #lookedAt = -Infinity;
  #letGoAt = -Infinity;
  readonly #moments: JobMoments;

  constructor(
    context: JobContext,
    options: {
      readonly target: ExecutionTarget;
      readonly file: RecordFile<JobRecord>;
      readonly record: JobRecord;
      /** An earlier agent had let it go. */
      readonly isAdopted: boolean;
    },
  ) {
    this.#context = context;
    this.#target = options.target;
    this.#file = options.file;
    this.#record = options.record;
    this.#isUncounted = options.isAdopted;
    const { promise: ended, resolve: finish } = Promise.withResolvers<void>();
    const { promise: started, resolve: tellStart } = Promise.withResolvers<{ readonly at: number } | null>();
    this.ended = ended;
    this.started = started;
    this.#finish = finish;
    this.#tellStart = tellStart;
    this.#moments = new JobMoments(context.clock, options.record);
    const { sawRunning, startedAt, isStopped, graceSeconds } = this.#record;
    if (sawRunning && startedAt !== null) tellStart({ at: startedAt });
    // An earlier agent was at it.
    if (isStopped) this.#stop = this.#toStop(graceSeconds * 1000);
    void this.#run();
  }

  get state(): JobState {
    if (readMain(this.#find().pod).type === 'ended') return 'ending';
    if (this.#stop !== null) return 'stopping';
    return this.#record.sawRunning ? 'running' : 'pending';
  }

  async signal(name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#ask(name === 'SIGTERM' ? this.#record.graceSeconds * 1000 : 0);
  }

  async clear({
    graceMs,
    boundMs,
  }: {
    readonly graceMs: number;
    readonly boundMs: number;
  }): Promise<{ readonly escaped: number }> {
    if (this.#isOver) return { escaped: 0 };
    await this.#ask(graceMs);
    const { clock, limits, signal } = this.#context;
    const over = new AbortController();
    await Promise.race([
      this.ended,
      sleep(clock, boundMs + limits.nodeSlackMs, AbortSignal.any([signal, over.signal])),
    ]);
    over.abort('over');
    if (!this.#isOver && this.#refusal !== null) throw this.#refusal;
    return { escaped: this.#isOver ? 0 : 1 };
  }

  #toStop(graceMs: number): Stop {
    return { graceMs, since: this.#context.clock.monotonic(), hasAsked: false, isByNode: false, isShortened: false };
  }

  /** When its pod is deleted that has not ended by then. A node that was told gives the grace of the pod. */
  #toDue({ since, graceMs, isByNode }: Stop): number {
    const isNodesOwn = isByNode && Math.ceil(graceMs / 1000) >= this.#record.graceSeconds;
    return since + graceMs + (isNodesOwn ? this.#context.limits.killMs : 0);
  }

  /** Has it stopped, unless it has ended by itself: that it was asked to is on the disk before the cluster hears of it. */
  async #ask(graceMs: number): Promise<void> {
    if (this.#isOver || this.#record.phase === 'ended') return;
    if (this.#stop === null) {
      this.#stop = this.#toStop(graceMs);
      const { pod } = this.#find();
      if (readMain(pod).type !== 'ended') await this.#write({ isStopped: true });
    } else if (graceMs < this.#stop.graceMs) this.#stop.graceMs = graceMs;
    this.#changed.ring();
  }

  async #run(): Promise<void> {
    const { signal, clock, limits, logger, boardOf } = this.#context;
    const { name, namespace } = this.#record;
    using _ = boardOf(namespace).follow(name, () => {
      this.#changed.ring();
      this.#logChanged.ring();
    });
    while (!signal.aborted) {
      let restMs: number;
      try {
        if (await this.#step()) return;
        this.#refusal = null;
        const stopAt = this.#stop === null ? null : this.#toDue(this.#stop);
        restMs = this.#moments.toRestMs(this.#record, { limits, stopAt });
      } catch (error) {
        restMs = failureMs;
        if (error instanceof NotNow) this.#refusal = error;
        else logger.error({ err: error, attempt: this.#target.attempt }, 'Job cannot be followed');
      }
      const timer = clock.schedule(restMs, () => this.#changed.ring(), { background: true });
      await this.#changed.wait(signal);
      timer.cancel();
    }
  }

  #find(): SeenJob {
    return this.#context.boardOf(this.#record.namespace).find(this.#record.name);
  }

  /** One look at what there is, and what follows from it. True when it is over. */
  async #step(): Promise<boolean> {
    const { signal } = this.#context;
    const seen = await this.#look();
    if (signal.aborted) return false;
    this.#countAdoption(seen);
    const main = readMain(seen.pod);
    await this.#note(seen, main);
    if (hasLog(main) && this.#record.hasRunner !== true) this.#log ??= this.#copyLog();
    let verdict = await this.#classify(seen);
    const isUnseen = seen.pod === null || isByTimeAlone(verdict);
    if (verdict.type === 'give-up' || (verdict.type === 'end' && isUnseen)) {
      // Time that passed while the cluster could not be heard says nothing, nor does a Job whose pod may be heard of a moment later.
      await this.#refresh();
      const fresh = { ...this.#find(), job: this.#job };
      await this.#note(fresh, readMain(fresh.pod));
      verdict = await this.#classify(fresh);
      if (verdict.type === 'wait') return false;
    }
    if (verdict.type === 'end') return this.#end(this.#withGivenUp(verdict.end), readMain(this.#find().pod));
    if (verdict.type === 'give-up' && this.#stop === null) {
      await this.#write({ givenUp: verdict.end });
      this.#stop = this.#toStop(this.#record.graceSeconds * 1000);
    }
    if (this.#stop !== null) return this.#goOnStopping(seen, this.#stop);
    await this.#letGo(seen);
    return false;
  }

  #countAdoption({ job, pod }: SeenJob): void {
    if (!this.#isUncounted) return;
    this.#isUncounted = false;
    this.#context.counter.adopted(job === null && pod === null ? 'gone' : 'found');
  }

  /** What the watch says; where it says nothing of the Job, the cluster is asked, because only its own word counts. */
  async #look(): Promise<SeenJob> {
    const { clock, limits } = this.#context;
    const seen = this.#find();
    if (seen.job !== null && seen.job.metadata.uid === this.#record.uid) {
      this.#job = seen.job;
      this.#isWatched = true;
      return seen;
    }
    const isNews = this.#isWatched;
    this.#isWatched = false;
    if (isNews || clock.monotonic() - this.#lookedAt >= limits.lookMs) await this.#refresh();
    return { ...this.#find(), job: this.#job };
  }

  /** Asks the cluster itself, whatever the watch says. */
  async #refresh(): Promise<void> {
    const { calls, boardOf, clock } = this.#context;
    const { namespace, uid } = this.#record;
    const board = boardOf(namespace);
    const job = await calls.getJob(this.#record);
    this.#job = job?.metadata.uid === uid ? job : null;
    const pods = await calls.listPods(this.#record);
    for (const pod of pods) board.setPod(pod);
    const { pod } = this.#find();
    if (pod !== null && !pods.some(({ metadata }) => metadata.uid === pod.metadata.uid))
      board.removePod(pod.metadata.name);
    this.#lookedAt = clock.monotonic();
  }

  async #note({ job, pod }: SeenJob, main: MainState): Promise<void> {
    this.#hasHadPod ||= pod !== null || (job !== null && hasHadPod(job));
    this.#moments.note(pod, main);
    // An earlier agent gave it up, and the cluster never heard of that.
    const hasBegunAfterAll = main.type === 'running' && pod?.metadata.deletionTimestamp === null;
    if (hasBegunAfterAll && this.#stop === null && this.#record.givenUp !== undefined)
      await this.#write({ givenUp: undefined });
    const startedAt = main.type === 'running' || main.type === 'ended' ? main.startedAt : null;
    if (startedAt === null || this.#record.sawRunning) return;
    this.#context.counter.began(this.#moments.sinceReleasedMs);
    await this.#put({ sawRunning: true, startedAt });
    this.#tellStart({ at: startedAt });
  }

  async #classify(seen: SeenJob): Promise<Verdict> {
    const { calls, limits } = this.#context;
    const { sawRunning, isStopped, pendingMs } = this.#record;
    const durations = this.#moments.durations();
    const isPending = seen.pod === null && seen.job !== null && durations.sinceReleasedMs >= pendingMs;
    // One that an earlier agent gave up is asked for again: why, is told anew.
    const asksWhy = isPending && this.#stop === null;
    const observation = {
      ...seen,
      sawRunning,
      isStopped,
      ...durations,
      warning: asksWhy ? await calls.findWarning(this.#record) : null,
    };
    // The runner has its own time after the command's container.
    const settleMs = this.#record.hasRunner === true ? Infinity : limits.settleMs;
    return classifyEnd(observation, { ...limits, ...this.#record, settleMs });
  }

  /** Harmless when it was let go already. The watch may tell of that a moment later. */
  async #letGo({ job }: SeenJob): Promise<void> {
    if (job?.spec.suspend !== true || findCondition(job.status.conditions, 'Failed') !== null) return;
    const { calls, clock, limits } = this.#context;
    if (clock.monotonic() - this.#letGoAt < limits.lookMs) return;
    try {
      await calls.letGo(this.#record, job.metadata.uid);
      this.#letGoAt = clock.monotonic();
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      // Deleted meanwhile, or not allowed: the first is seen, the second may be granted until it was waited for long enough.
      throw new NotNow(error.message, { cause: error });
    }
  }

  /**
   * A pod whose command may be at work is ended by its node, which keeps the log; where that is not to be had, and when the grace is over, it is
   * deleted. A Job without a pod is deleted, and when nothing of it is there any more, nothing ever began.
   */
  async #goOnStopping(seen: SeenJob, stop: Stop): Promise<boolean> {
    const { calls, clock } = this.#context;
    const { job, pod, isPodGone } = seen;
    if (pod === null || isPodGone) {
      if (pod !== null) return false;
      if (job !== null) await calls.deleteJob(this.#record, job.metadata.uid);
      return this.#confirmUnborn();
    }
    const main = readMain(pod);
    const isDue = clock.monotonic() >= this.#toDue(stop);
    const graceSeconds = Math.max(shortestGraceSeconds, Math.ceil(stop.graceMs / 1000));
    if (main.type === 'ended') return false;
    if (!stop.hasAsked) {
      stop.isByNode = main.type === 'running' && (await this.#endByNode(seen));
      if (!stop.isByNode) await calls.deletePod(pod, isDue ? shortestGraceSeconds : graceSeconds);
      stop.hasAsked = true;
    } else if (isDue && !stop.isShortened) {
      await calls.deletePod(pod, shortestGraceSeconds);
      stop.isShortened = true;
    }
    return false;
  }

  /** False where the cluster does not let us. */
  async #endByNode({ pod }: SeenJob): Promise<boolean> {
    if (pod === null || pod.metadata.deletionTimestamp !== null) return pod !== null;
    try {
      await this.#context.calls.endPod(pod);
      return true;
    } catch (error) {
      if (error instanceof KubernetesError) return false;
      throw error;
    }
  }

  async #confirmUnborn(): Promise<boolean> {
    const { calls, clock, signal, boardOf } = this.#context;
    const { namespace, uid } = this.#record;
    for (let looks = 0; looks < 2; looks += 1) {
      if (looks > 0) await sleep(clock, lateMs, signal);
      if (signal.aborted) return false;
      const job = await calls.getJob(this.#record);
      if (job !== null && job.metadata.uid === uid) return false;
      const pods = await calls.listPods(this.#record);
      for (const pod of pods) boardOf(namespace).setPod(pod);
      if (pods.length > 0 || this.#find().pod !== null) return false;
    }
    const unborn: PlatformEnd = {
      type: 'platform',
      cause: 'start-failed',
      started: false,
      retrySafe: true,
      message: 'the Job was stopped before it made a pod',
      status: null,
    };
    const vanished: PlatformEnd = {
      ...unborn,
      cause: 'pod-deleted',
      started: 'unknown',
      retrySafe: false,
      message: 'the pod was gone when the Job was stopped',
    };
    if (this.#hasHadPod) return this.#end(this.#withGivenUp(vanished), { type: 'none' });
    return this.#end(this.#record.givenUp ?? unborn, { type: 'none' });
  }

  /** Something that was given up, and had begun in the last moment. */
  #withGivenUp(end: PlatformEnd | ExitEnd): PlatformEnd | ExitEnd {
    const given = this.#record.givenUp;
    if (given === undefined || end.type === 'exit') return end;
    if (end.started === false) return given;
    return {
      ...given,
      started: end.started,
      retrySafe: false,
      message: `${given.message}; it may have begun in the last moment`,
    };
  }

  #copyLog(): Promise<readonly Gap[] | null> {
    const { logger } = this.#context;
    const subject = {
      state: () => {
        const { pod, isPodGone } = this.#find();
        const main = readMain(pod);
        if (isPodGone) return 'gone';
        return main.type === 'ended' ? 'ended' : main.type === 'running' ? 'running' : 'waiting';
      },
      endedAt: () => {
        const main = readMain(this.#find().pod);
        return main.type === 'ended' ? main.finishedAt : null;
      },
      changed: (signal: AbortSignal) => this.#logChanged.wait(signal),
    } as const;
    const copying = copyJobLog(this.#context, {
      target: this.#target,
      record: this.#record,
      pod: () => this.#find().pod,
      subject,
    });
    return copying.catch((err: unknown) => {
      logger.error({ err, attempt: this.#target.attempt }, 'log of a pod cannot be copied');
      return this.#findLeftGaps();
    });
  }

  #findLeftGaps(): Promise<readonly Gap[]> {
    return findLeftGaps(this.#context, { target: this.#target, record: this.#record });
  }

  async #end(end: PlatformEnd | ExitEnd, main: MainState): Promise<boolean> {
    const { fileSystem, signal } = this.#context;
    const { isStopped, hasRunner } = this.#record;
    if (hasRunner === true)
      return this.#finishWith(toEndBesideRunner(end, { main, pod: this.#find().pod, isStopped }), []);
    const hasBegun = end.type === 'exit' || end.started !== false;
    if (hasBegun && this.#find().pod !== null) this.#log ??= this.#copyLog();
    const gaps = hasBegun ? await (this.#log ?? this.#findLeftGaps()) : [];
    if (gaps === null || signal.aborted) return false;
    if (main.type === 'ended' && hasBegun && main.message !== '')
      await writeWhole(fileSystem, join(this.#target.folder, outputsFileName), toOutputs(main.message));
    // A cancel may have come while the log was read.
    const marked =
      this.#record.isStopped && (await fileSystem.lstat(join(this.#target.folder, 'intent.json'))) !== null;
    const at = main.type === 'ended' ? main.finishedAt : null;
    return this.#finishWith({ ...end, marked, at }, gaps);
  }

  async #finishWith(end: CommandEnd, gaps: readonly Gap[]): Promise<true> {
    await this.#write({ phase: 'ended', end, gaps: [...gaps] });
    this.#context.counter.ended(end, gaps);
    this.#isOver = true;
    this.#tellStart(null);
    this.#finish();
    return true;
  }

  async #write(change: Partial<JobRecord>): Promise<void> {
    const record = { ...this.#record, ...change };
    await this.#file.write(record);
    this.#record = record;
  }

  async #put(change: Partial<JobRecord>): Promise<void> {
    const record = { ...this.#record, ...change };
    await this.#file.put(record);
    this.#record = record;
  }
}

/** One that was never made has none. */
function hasLog(main: MainState): boolean {
  return main.type === 'running' || (main.type === 'ended' && main.wasMade);
}

/** Concluded from what was not heard. */
function isByTimeAlone(verdict: Verdict): boolean {
  return verdict.type === 'end' && verdict.end.type === 'platform' && verdict.end.cause === 'node-lost';
}

/** A message that was cut is none: what is left of it could read like outputs. */
function toOutputs(message: string): string {
  return Buffer.byteLength(message) < maxMessageBytes
    ? message
    : `{ expected less than ${maxMessageBytes} bytes, which is what a pod can hand over`;
}
