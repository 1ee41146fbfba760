import type { Wire } from '../wire.ts';
import { createSimulatedAgent, type SimulatedAgent } from './simulated-agent.ts';

const enrolAtOnce = 16;

/** One address of this machine has 28,000 ports, and those of connections that ended are held for a minute. */
const addresses = 16;

function toLocalAddress(number: number): string {
  return `127.0.0.${2 + (number % addresses)}`;
}

export interface CrowdOptions {
  readonly hubUrl: string;
  readonly wire: Wire;
  readonly joinToken: string;
  /** The number of the first: each process of a run has its own. */
  readonly first: number;
  readonly count: number;
  readonly maxRetryMs: number;
}

/** Many simulated agents in this process. */
export class Crowd implements AsyncDisposable {
  readonly #agents: SimulatedAgent[] = [];
  readonly #up = new Set<string>();
  readonly #running = new AbortController();
  readonly #whys = new Map<string, number>();
  readonly #waiters = new Set<{ readonly isSo: (up: number) => boolean; readonly resolve: () => void }>();
  readonly #runs: Promise<void>[] = [];
  #started = 0;

  /** One after the other, a few at once. */
  async enrol({ hubUrl, wire, joinToken, first, count, maxRetryMs }: CrowdOptions): Promise<void> {
    let next = first;
    const work = async () => {
      for (; next < first + count; ) {
        const number = next;
        const name = `crowd-${number}`;
        next += 1;
        const agent = await createSimulatedAgent({
          hubUrl,
          wire,
          joinToken,
          name,
          maxRetryMs,
          localAddress: toLocalAddress(number),
          signal: this.#running.signal,
          onState: (state) => {
            if (state.type === 'up') this.#up.add(name);
            else this.#up.delete(name);
            if (state.type === 'waiting') this.#whys.set(state.why, (this.#whys.get(state.why) ?? 0) + 1);
            this.#tell();
          },
        });
        this.#agents.push(agent);
      }
    };
    await Promise.all(Array.from({ length: enrolAtOnce }, work));
  }

  /** Lets so many dial in all, a few at once: as if somebody had started them. Resolves when all are up, or when patience is over. */
  async dial(count: number, options: { readonly atOnce: number; readonly patienceMs: number }): Promise<void> {
    const deadline = performance.now() + options.patienceMs;
    while (this.#started < count && performance.now() < deadline) {
      const target = Math.min(this.#started + options.atOnce, count);
      for (; this.#started < target; this.#started += 1) {
        const agent = this.#agents[this.#started];
        if (agent !== undefined) this.#runs.push(agent.run(this.#running.signal));
      }
      await this.until((up) => up >= target, deadline - performance.now());
    }
  }

  /** Resolves when it is so of the number of agents that are up, or when patience is over. */
  async until(isSo: (up: number) => boolean, patienceMs: number): Promise<void> {
    if (isSo(this.up)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { isSo, resolve };
    this.#waiters.add(waiter);
    const giveUp = setTimeout(resolve, patienceMs);
    await promise;
    clearTimeout(giveUp);
    this.#waiters.delete(waiter);
  }

  get up(): number {
    return this.#up.size;
  }

  get started(): number {
    return this.#started;
  }

  /** Why channels ended or could not be had, and how often. */
  get whys(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#whys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running.abort();
    await Promise.all(this.#runs);
  }

  #tell(): void {
    for (const { isSo, resolve } of this.#waiters) if (isSo(this.up)) resolve();
  }
}
