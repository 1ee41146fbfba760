import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Loop, LoopBoard } from '../../runtime/loop-board.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { InventoryChange } from '../store/inventory.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import type { NewsBudget } from './news-budget.ts';

export interface InventoryWriterOptions {
  readonly store: Store;
  readonly budget: NewsBudget;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly loops: LoopBoard;
}

/** What one commit takes, so that whoever wants to store something else waits for no more than that. */
const maxBatch = 64;
const maxBatchBytes = 512 * 1024;
/** What may wait, of one agent and of all. What comes beyond is told anew by the next comparison. */
const maxWaitingBytesOfAgent = 32 * 1024 * 1024;
const maxWaitingBytes = 128 * 1024 * 1024;
/** Until somebody's budget may have grown, or a store that failed may take something again. */
const restMs = 500;
const afterFailureMs = 5_000;

interface Waiting {
  readonly change: InventoryChange;
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  waiting: Waiting[];
  bytes: number;
}

/**
 * Stores what agents tell of nodes and apps: batch after batch, never two at once, one agent after the other. However many agents come with however
 * much, one small batch is all that stands before a job in the next commit. Of one agent everything is stored in the order in which it came.
 *
 * Dispose once no link is left: what waits then is dropped.
 */
export class InventoryWriter implements AsyncDisposable {
  readonly #given: InventoryWriterOptions;
  readonly #queues = new Map<string, Queue>();
  /** Agents of which the log said that they have no more room. */
  readonly #full = new Set<string>();
  readonly #watched = new WeakSet<AbortSignal>();
  readonly #stopping = new AbortController();
  readonly #loop: Loop;
  #bytes = 0;
  #refused = 0;
  #working: Promise<void> | null = null;
  /** Nobody may have anything stored now. */
  #rest: AbortController | null = null;
  #storing: Promise<void> = Promise.resolve();

  constructor(given: InventoryWriterOptions) {
    this.#given = given;
    this.#loop = given.loops.open('inventory', { words: () => this.#describe() });
  }

  /** Changes for which their agents had no room left. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Resolves when it is stored, when there is no room for it, and when the link is over by then. Rejects when too much waits already, or with what
   * the store threw.
   */
  write(
    agentId: string,
    change: InventoryChange,
    { bytes, link }: { readonly bytes: number; readonly link: { readonly signal: AbortSignal } },
  ): Promise<void> {
    const { signal } = link;
    if (signal.aborted) return Promise.resolve();
    const queue = this.#queues.get(agentId) ?? { waiting: [], bytes: 0 };
    if (queue.bytes + bytes > maxWaitingBytesOfAgent || this.#bytes + bytes > maxWaitingBytes) {
      return Promise.reject(
        new Error('too many changes of nodes and apps wait to be stored; this one is asked for again'),
      );
    }
    this.#watch(signal, agentId);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.waiting.push({ change, bytes, signal, resolve, reject });
    queue.bytes += bytes;
    this.#bytes += bytes;
    this.#queues.set(agentId, queue);
    this.#working ??= this.#work();
    // Whoever had nothing waiting may have something stored, whatever keeps the others.
    if (queue.waiting.length === 1) this.#rest?.abort();
    return promise;
  }

  /** Resolves when nothing is on its way into the store: what is read then holds what earlier links of an agent brought. */
  settled(): Promise<void> {
    return this.#storing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#working;
    this.#loop[Symbol.dispose]();
  }

  /** Whoever serves a link that is over waits for its changes to be settled. */
  #watch(signal: AbortSignal, agentId: string): void {
    if (this.#watched.has(signal)) return;
    this.#watched.add(signal);
    signal.addEventListener('abort', () => this.#dropEnded(agentId), { once: true });
  }

  #describe(): string {
    let waiting = 0;
    for (const queue of this.#queues.values()) waiting += queue.waiting.length;
    return waiting === 0 ? 'waits for changes' : `${waiting} changes of ${this.#queues.size} agents wait`;
  }

  async #work(): Promise<void> {
    // What comes in one turn of the loop shares a batch.
    await Promise.resolve();
    const { signal } = this.#stopping;
    for (;;) {
      const batch = this.#nextBatch();
      if (batch !== null) {
        this.#storing = this.#store(batch);
        await this.#storing;
      } else if (this.#queues.size > 0) {
        this.#rest = new AbortController();
        await sleep(this.#given.clock, restMs, AbortSignal.any([this.#rest.signal, signal]));
        this.#rest = null;
      } else break;
    }
    this.#working = null;
  }

  /** Of the agent that was not asked for longest, among those that may have something stored. Null when none may. */
  #nextBatch(): { readonly agentId: string; readonly waiting: readonly Waiting[] } | null {
    if (this.#stopping.signal.aborted) for (const agentId of this.#queues.keys()) this.#dropEnded(agentId);
    for (const [agentId, queue] of this.#queues) {
      const count = this.#given.budget.takeSome(agentId, countBatch(queue.waiting));
      if (count === 0) continue;
      const waiting = queue.waiting.splice(0, count);
      this.#removed(queue, waiting);
      // To the end of the row.
      if (this.#queues.delete(agentId) && queue.waiting.length > 0) this.#queues.set(agentId, queue);
      return { agentId, waiting };
    }
    return null;
  }

  #dropEnded(agentId: string): void {
    const queue = this.#queues.get(agentId);
    if (queue === undefined) return;
    const isOver = ({ signal }: Waiting) => this.#stopping.signal.aborted || signal.aborted;
    const dropped = queue.waiting.filter(isOver);
    queue.waiting = queue.waiting.filter((one) => !isOver(one));
    this.#removed(queue, dropped);
    for (const { resolve } of dropped) resolve();
    if (queue.waiting.length === 0) this.#queues.delete(agentId);
  }

  #removed(queue: Queue, waiting: readonly Waiting[]): void {
    const bytes = waiting.reduce((sum, one) => sum + one.bytes, 0);
    queue.bytes -= bytes;
    this.#bytes -= bytes;
  }

  /** A store that has no room, or is being opened again, is asked until it takes the batch, or until its link is over. Never rejects. */
  async #store({
    agentId,
    waiting,
  }: {
    readonly agentId: string;
    readonly waiting: readonly Waiting[];
  }): Promise<void> {
    const { store, budget, clock } = this.#given;
    const changes = waiting.map(({ change }) => change);
    const signals = new Set(waiting.map(({ signal }) => signal));
    // Mostly of one link, at most of two.
    const isOver = () => this.#stopping.signal.aborted || [...signals].every(({ aborted }) => aborted);
    while (!isOver()) {
      try {
        const answer = await store.apply('record-inventory', { agentId, changes, at: clock.now() });
        const written = answer.type === 'unknown' ? 0 : answer.written;
        budget.giveBack(agentId, changes.length - written);
        this.#note(agentId, answer.type === 'unknown' ? 0 : answer.refused);
        break;
      } catch (error) {
        this.#loop.failed(error);
        if (!(error instanceof StoreError)) {
          for (const { reject } of waiting) reject(error);
          return;
        }
        const [last = this.#stopping.signal] = [...signals].slice(-1);
        await sleep(clock, afterFailureMs, AbortSignal.any([last, this.#stopping.signal]));
      }
    }
    this.#loop.turned();
    for (const { resolve } of waiting) resolve();
  }

  #note(agentId: string, refused: number): void {
    if (refused === 0) return;
    this.#refused += refused;
    if (this.#full.has(agentId)) return;
    this.#full.add(agentId);
    this.#given.logger.warn(
      { agent: agentId, refused },
      'agent tells of more nodes and apps than it may have: the rest is not kept',
    );
  }
}

function countBatch(waiting: readonly Waiting[]): number {
  let bytes = 0;
  for (const [index, one] of waiting.entries()) {
    bytes += one.bytes;
    if (index === maxBatch || (index > 0 && bytes > maxBatchBytes)) return index;
  }
  return Math.min(waiting.length, maxBatch);
}
