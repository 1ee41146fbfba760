import { isDeepStrictEqual } from 'node:util';
import { jobMarks } from './job-marks.ts';
import type { JobView, PodView } from './pod-view.ts';

/** What was seen of a Job last. */
export interface SeenJob {
  /** Null: it was not seen, or it is gone; only a call says which. */
  readonly job: JobView | null;
  readonly pod: PodView | null;
  /** The pod was deleted; `pod` is its last state. */
  readonly isPodGone: boolean;
}

const unseen: SeenJob = { job: null, pod: null, isPodGone: false };

/**
 * What the watches of one namespace tell of the agent's Jobs, by their names. It keeps what somebody follows, and the last state of a pod
 * that is gone for as long as that.
 */
export class JobBoard {
  readonly #seen = new Map<string, SeenJob>();
  /** Names of Jobs by those of their pods. */
  readonly #jobs = new Map<string, string>();
  readonly #followers = new Map<string, () => void>();

  find(name: string): SeenJob {
    return this.#seen.get(name) ?? unseen;
  }

  /** Calls `onChange` when something of the Job changed, until disposed. */
  follow(name: string, onChange: () => void): Disposable {
    this.#followers.set(name, onChange);
    return {
      [Symbol.dispose]: () => {
        if (this.#followers.get(name) !== onChange) return;
        this.#followers.delete(name);
        this.#forgetGone(name);
      },
    };
  }

  setJob(job: JobView): void {
    this.#set(job.metadata.name, { job });
  }

  removeJob(name: string): void {
    if (this.#seen.has(name)) this.#set(name, { job: null });
  }

  setPod(pod: PodView): void {
    const name = toJobName(pod);
    if (name === null) return;
    // A Job makes one; of another that somebody made nothing is concluded.
    const known = this.find(name).pod;
    if (known !== null && known.metadata.uid !== pod.metadata.uid) return;
    this.#jobs.set(pod.metadata.name, name);
    this.#set(name, { pod, isPodGone: false });
  }

  /** By the name of the pod. */
  removePod(podName: string): void {
    const name = this.#jobs.get(podName);
    this.#jobs.delete(podName);
    if (name !== undefined && this.find(name).pod?.metadata.name === podName) this.#set(name, { isPodGone: true });
  }

  #set(name: string, change: Partial<SeenJob>): void {
    const before = this.find(name);
    const seen = { ...before, ...change };
    // Who follows asks the cluster, and puts the answer here: what is no news must not make it ask again.
    if (isDeepStrictEqual(seen, before)) return;
    this.#seen.set(name, seen);
    this.#forgetGone(name);
    this.#followers.get(name)?.();
  }

  #forgetGone(name: string): void {
    const { job, pod, isPodGone } = this.find(name);
    if (job === null && (pod === null || isPodGone) && !this.#followers.has(name)) this.#seen.delete(name);
  }
}

function toJobName({ metadata }: PodView): string | null {
  const attempt = metadata.labels?.[jobMarks.attemptLabel];
  return attempt === undefined ? null : `farhand-${attempt}`;
}
