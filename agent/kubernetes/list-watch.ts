import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Loop, LoopBoard } from '../../runtime/loop-board.ts';
import type { Random } from '../../runtime/random.ts';
import { sleep } from '../../runtime/sleep.ts';
import { type Backoff, createBackoff } from '../backoff.ts';
import type { Collection } from './api-resource.ts';
import type { KubernetesClient, Selection } from './kubernetes-client.ts';
import { KubernetesError } from './kubernetes-error.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { createWatchedObjects, type ObjectChange, type WatchedObjects } from './watched-objects.ts';

/**
 * How well a collection is known.
 * - `beginning`: not yet: it was never listed whole
 * - `current`: a watch is open, or was until this moment and ended in order
 * - `stale`: what is known is from before `since`, and the server cannot be asked
 */
export type ListWatchState =
  | { readonly type: 'beginning'; readonly since: number; readonly error: Error | null }
  | { readonly type: 'current'; readonly since: number }
  | { readonly type: 'stale'; readonly since: number; readonly error: Error };

export interface ListWatchCounts {
  /** Lists that were read whole. */
  readonly lists: number;
  readonly watches: number;
  readonly events: number;
  /** When the server last said anything about the collection: wall time in milliseconds; null before. */
  readonly lastHeardAt: number | null;
}

/** A collection followed for as long as it lives: a list, then a watch after the other, then another list where that is needed. */
export interface ListWatch<T> extends AsyncDisposable {
  readonly values: ReadonlyMap<string, T>;
  readonly state: ListWatchState;
  readonly counts: ListWatchCounts;
}

export interface ListWatchLimits {
  /** A server tells at least every minute that nothing happened: one that is silent for longer than this is not there any more. */
  readonly silenceMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** A watch that lasted for so long, or told anything, went well. */
  readonly healthyMs: number;
  /** So many watches in a row that the server refused, and a list has to show that its versions are still those that we know. */
  readonly maxRefusals: number;
}

export const defaultListWatchLimits: ListWatchLimits = {
  silenceMs: 180_000,
  firstRetryMs: 500,
  maxRetryMs: 30_000,
  healthyMs: 10_000,
  maxRefusals: 5,
};

export interface ListWatchOptions<T> {
  readonly client: Pick<KubernetesClient, 'listPages' | 'watch'>;
  readonly collection: Collection;
  readonly selection?: Selection;
  /** What is kept of an object. It may throw: then the object is left out. */
  readonly select: (object: KubernetesObject) => T;
  /** Each change, once, in the order of the server; after a list also what happened while nobody looked. Must not throw. */
  readonly onChange: (change: ObjectChange<T>) => void;
  /** Must not throw. */
  readonly onState?: (state: ListWatchState) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly loops: LoopBoard;
  readonly limits?: ListWatchLimits;
}

/** Begins at once. Never rejects, never gives up: errors are in `state` and on the board. */
export function startListWatch<T>(options: ListWatchOptions<T>): ListWatch<T> {
  return new FollowedCollection(options);
}

/** What a watch came to. */
type WatchEnd = 'ended' | 'outdated';

class FollowedCollection<T> implements ListWatch<T> {
  readonly #options: ListWatchOptions<T>;
  readonly #limits: ListWatchLimits;
  readonly #objects: WatchedObjects<T>;
  readonly #loop: Loop;
  readonly #logger: Logger;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** From here the next watch goes on; null where a list is needed. */
  #version: string | null = null;
  #refusals = 0;
  #state: ListWatchState;
  #counts = { lists: 0, watches: 0, events: 0 };
  #lastHeardAt: number | null = null;

  constructor(options: ListWatchOptions<T>) {
    const { clock, collection, logger, loops, onChange, random, select, limits = defaultListWatchLimits } = options;
    const { plural, group } = collection.resource;
    const subject = group === '' ? plural : `${plural}.${group}`;
    this.#options = options;
    this.#limits = limits;
    this.#logger = logger.child({ collection: subject });
    this.#state = { type: 'beginning', since: clock.now(), error: null };
    this.#backoff = createBackoff({ random, firstMs: limits.firstRetryMs, maxMs: limits.maxRetryMs });
    this.#objects = createWatchedObjects({
      select,
      onChange,
      onUnreadable: (key, error) => this.#logger.warn({ key, err: error }, 'object of the cluster left out'),
    });
    this.#loop = loops.open('cluster watch', { subject });
    this.#running = this.#run();
  }

  get values(): ReadonlyMap<string, T> {
    return this.#objects.values;
  }

  get state(): ListWatchState {
    return this.#state;
  }

  get counts(): ListWatchCounts {
    return { ...this.#counts, lastHeardAt: this.#lastHeardAt };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#loop[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const begunAt = clock.monotonic();
      const { events, watches } = this.#counts;
      let error: unknown = null;
      try {
        const version = this.#version ?? (await this.#list());
        this.#version = version;
        if ((await this.#watch(version)) === 'outdated') this.#version = null;
      } catch (caught) {
        error = caught;
      }
      if (signal.aborted) return;
      this.#loop.turned();
      if (error !== null) this.#fail(error, { hadBegun: this.#counts.watches > watches });
      const isHealthy = this.#counts.events > events || clock.monotonic() - begunAt >= this.#limits.healthyMs;
      if (isHealthy) this.#backoff.reset();
      await this.#wait(error);
    }
  }

  async #list(): Promise<string> {
    const { client, collection, selection } = this.#options;
    this.#loop.does('lists');
    const relisting = this.#objects.relist();
    let version = '';
    for await (const page of client.listPages(collection, { ...selection, signal: this.#stop.signal })) {
      this.#heard();
      relisting.take(page.items);
      version = page.resourceVersion;
    }
    relisting.finish();
    this.#counts.lists += 1;
    this.#refusals = 0;
    this.#setState({ type: 'current', since: this.#options.clock.now() });
    return version;
  }

  async #watch(version: string): Promise<WatchEnd> {
    const { client, collection, clock, selection } = this.#options;
    this.#loop.does('begins a watch');
    const silence = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, silence.signal]);
    await using stream = await client.watch(collection, { ...selection, resourceVersion: version, signal });
    this.#counts.watches += 1;
    this.#refusals = 0;
    this.#heard();
    this.#loop.does('watches');
    if (this.#state.type !== 'current') this.#setState({ type: 'current', since: clock.now() });
    let timer = this.#awaitWord(silence);
    try {
      for await (const event of stream) {
        timer.cancel();
        timer = this.#awaitWord(silence);
        this.#heard();
        switch (event.type) {
          case 'added':
          case 'modified':
          case 'deleted':
            this.#counts.events += 1;
            this.#objects.take(event);
            this.#version = event.object.metadata.resourceVersion;
            break;
          case 'bookmark':
            this.#counts.events += 1;
            this.#version = event.resourceVersion;
            break;
          case 'error':
            if (event.error.code === 'gone') return 'outdated';
            throw event.error;
          case 'unreadable':
            this.#logger.warn({ why: event.message }, 'watch of the cluster cannot be read, listing again');
            return 'outdated';
        }
      }
      return 'ended';
    } finally {
      timer.cancel();
    }
  }

  #awaitWord(silence: AbortController) {
    const { silenceMs } = this.#limits;
    return this.#options.clock.schedule(
      silenceMs,
      () => silence.abort(new KubernetesError('unreachable', `the server said nothing for ${silenceMs / 1000} s`)),
      { background: true },
    );
  }

  #fail(error: unknown, { hadBegun }: { readonly hadBegun: boolean }): void {
    const isAnswer = error instanceof KubernetesError && error.status !== null;
    if (isAnswer) this.#refusals += 1;
    const isOutdated = this.#version !== null && error instanceof KubernetesError && error.code === 'gone';
    if (isOutdated || this.#refusals >= this.#limits.maxRefusals) this.#version = null;
    this.#loop.failed(error);
    // What is known may be current still: the next turn shows it.
    if (isOutdated || hadBegun) return;
    const cause = error instanceof Error ? error : new Error(String(error));
    const since = this.#state.type === 'current' ? (this.#lastHeardAt ?? this.#state.since) : this.#state.since;
    this.#setState({ type: this.#state.type === 'beginning' ? 'beginning' : 'stale', since, error: cause });
  }

  async #wait(error: unknown): Promise<void> {
    const askedMs = error instanceof KubernetesError ? (error.retryAfterMs ?? 0) : 0;
    const nextInMs = Math.max(this.#backoff.next(), askedMs);
    this.#loop.does(error === null ? 'watches again soon' : 'waits to try again', { nextInMs });
    await sleep(this.#options.clock, nextInMs, this.#stop.signal);
  }

  #heard(): void {
    this.#lastHeardAt = this.#options.clock.now();
  }

  #setState(state: ListWatchState): void {
    const before = this.#state;
    this.#state = state;
    if (before.type !== state.type) {
      const fields = { from: before.type, to: state.type, why: 'error' in state ? state.error?.message : undefined };
      if (state.type === 'stale') this.#logger.warn(fields, 'collection of the cluster is not followed now');
      else this.#logger.info(fields, 'collection of the cluster changed its state');
    }
    this.#options.onState?.(state);
  }
}
