import type { Clock, Timer } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { SpecVersion } from './spec-entry.ts';
import type { SyncOptions } from './sync-options.ts';

/** What the source knows of one spec and of what its agent said of it. */
interface KnownSpec {
  version: number;
  /** Highest version that a status came with. */
  answered: number;
  repeats: number;
  timer: Timer | null;
}

/** Repeats come between this part of their time and all of it. */
const jitter = 0.25;

/**
 * Which specs stand unanswered, and when to send them again. A spec is answered by a status that carries its version or a
 * higher one. Repeats run only between `resume` and `pause`: without a link there is nobody to answer.
 */
export interface UnansweredSpecs {
  /** Null when the source has not come across this resource. */
  knownVersion(id: string): number | null;
  /** There is such a version now; it is due to be repeated unless answered. */
  note(spec: { readonly id: string; readonly version: number }): void;
  /** These are all there are; others are forgotten. */
  refresh(specs: readonly SpecVersion[]): void;
  /** A status came with this version. */
  answer(id: string, version: number): void;
  /** The agent says that it has no higher version than this: a later answer is of an agent that forgot. */
  lower(id: string, version: number): void;
  forget(id: string): void;
  resume(): void;
  pause(): void;
}

/** Who sends them. */
export interface UnansweredSpecsOwner {
  readonly clock: Clock;
  readonly random: Random;
  readonly options: Pick<SyncOptions, 'firstRepeatMs' | 'maxRepeatMs'>;
  onDue(id: string): void;
}

class RepeatingSpecs implements UnansweredSpecs {
  readonly #owner: UnansweredSpecsOwner;
  /** Null until there is one. */
  #specs: Map<string, KnownSpec> | null = null;
  #running = false;

  constructor(owner: UnansweredSpecsOwner) {
    this.#owner = owner;
  }

  knownVersion(id: string): number | null {
    return this.#specs?.get(id)?.version ?? null;
  }

  note({ id, version }: { readonly id: string; readonly version: number }): void {
    const known = this.#specs?.get(id);
    if (known === undefined) {
      const added: KnownSpec = { version, answered: 0, repeats: 0, timer: null };
      this.#specs ??= new Map();
      this.#specs.set(id, added);
      this.#schedule(id, added);
    } else if (version > known.version) {
      known.version = version;
      this.#restart(id, known);
    } else {
      this.#schedule(id, known);
    }
  }

  refresh(specs: readonly SpecVersion[]): void {
    for (const spec of specs) this.note(spec);
    if (this.#specs === null || this.#specs.size === specs.length) return;
    const listed = new Set(specs.map(({ id }) => id));
    for (const id of this.#specs.keys()) if (!listed.has(id)) this.forget(id);
  }

  answer(id: string, version: number): void {
    const known = this.#specs?.get(id);
    if (known === undefined) return;
    known.answered = Math.max(known.answered, version);
    if (isAnswered(known)) cancel(known);
  }

  lower(id: string, version: number): void {
    const known = this.#specs?.get(id);
    if (known === undefined || known.answered <= version) return;
    known.answered = version;
    this.#restart(id, known);
  }

  forget(id: string): void {
    const known = this.#specs?.get(id);
    if (known === undefined) return;
    cancel(known);
    this.#specs?.delete(id);
  }

  resume(): void {
    this.#running = true;
    for (const [id, known] of this.#specs ?? []) this.#restart(id, known);
  }

  pause(): void {
    this.#running = false;
    for (const known of this.#specs?.values() ?? []) cancel(known);
  }

  #restart(id: string, known: KnownSpec): void {
    cancel(known);
    known.repeats = 0;
    this.#schedule(id, known);
  }

  #schedule(id: string, known: KnownSpec): void {
    if (!this.#running || known.timer !== null || isAnswered(known)) return;
    const { clock, random, options } = this.#owner;
    const { firstRepeatMs, maxRepeatMs } = options;
    const delayMs = Math.min(firstRepeatMs * 2 ** known.repeats, maxRepeatMs);
    known.timer = clock.schedule(delayMs * (1 - jitter * random.fraction()), () => {
      known.timer = null;
      known.repeats += 1;
      this.#schedule(id, known);
      this.#owner.onDue(id);
    });
  }
}

function isAnswered(known: KnownSpec): boolean {
  return known.answered >= known.version;
}

function cancel(known: KnownSpec): void {
  known.timer?.cancel();
  known.timer = null;
}

export function createUnansweredSpecs(owner: UnansweredSpecsOwner): UnansweredSpecs {
  return new RepeatingSpecs(owner);
}
