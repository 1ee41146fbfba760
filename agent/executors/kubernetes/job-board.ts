import { jobMarks } from './job-marks.ts';
import { JobView as JobSchema, type JobView, PodView as PodSchema, type PodView } from './pod-view.ts';

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

  setJob(object: unknown): void {
    const job = JobSchema.safeParse(object).data;
    if (job !== undefined) this.#set(job.metadata.name, { job });
  }

  removeJob(name: string): void {
    if (this.#seen.has(name)) this.#set(name, { job: null });
  }

  setPod(object: unknown): void {
    const pod = PodSchema.safeParse(object).data;
    const name = pod === undefined ? null : toJobName(pod);
    if (pod === undefined || name === null) return;
    // A Job makes one; of another that somebody made nothing is concluded.
    const known = this.find(name).pod;
    if (known !== null && known.metadata.uid !== pod.metadata.uid) return;
    this.#set(name, { pod, isPodGone: false });
  }

  /** `object`: its last state. */
  removePod(object: unknown): void {
    const pod = PodSchema.safeParse(object).data;
    const name = pod === undefined ? null : toJobName(pod);
    if (pod === undefined || name === null) return;
    const known = this.find(name).pod;
    if (known === null || known.metadata.uid === pod.metadata.uid) this.#set(name, { pod, isPodGone: true });
  }

  /** All that there is: what is not among it is gone. */
  replaceJobs(objects: readonly unknown[]): void {
    const jobs = objects.flatMap((object) => JobSchema.safeParse(object).data ?? []);
    const names = new Set(jobs.map(({ metadata }) => metadata.name));
    for (const job of jobs) this.setJob(job);
    for (const [name, { job }] of this.#seen) if (job !== null && !names.has(name)) this.#set(name, { job: null });
  }

  replacePods(objects: readonly unknown[]): void {
    const pods = objects.flatMap((object) => PodSchema.safeParse(object).data ?? []);
    const uids = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const pod of pods) this.setPod(pod);
    for (const [name, { pod }] of this.#seen)
      if (pod !== null && !uids.has(pod.metadata.uid)) this.#set(name, { isPodGone: true });
  }

  #set(name: string, change: Partial<SeenJob>): void {
    this.#seen.set(name, { ...this.find(name), ...change });
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
