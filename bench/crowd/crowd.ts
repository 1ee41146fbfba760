import { createSimulatedAgent, type SimulatedAgent } from './simulated-agent.ts';

const enrolAtOnce = 16;

/** Many simulated agents in this process. */
export class Crowd {
  readonly #agents: SimulatedAgent[] = [];
  readonly #up = new Set<string>();
  readonly #running = new AbortController();
  readonly #whys = new Map<string, number>();
  #waiters: { readonly isSo: (up: number) => boolean; readonly resolve: () => void }[] = [];
  #started = 0;

  /** One after the other, a few at once. */
  async enrol({
    hubUrl,
    joinToken,
    count,
  }: {
    readonly hubUrl: string;
    readonly joinToken: string;
    readonly count: number;
  }): Promise<void> {
    let next = 0;
    const work = async () => {
      for (; next < count; ) {
        const name = `crowd-${next}`;
        next += 1;
        const agent = await createSimulatedAgent({
          hubUrl,
          joinToken,
          name,
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

  /** Lets so many dial in all, a few at once: as if somebody had started them. Resolves when all are up. */
  async dial(count: number, atOnce: number): Promise<void> {
    while (this.#started < count) {
      const target = Math.min(this.#started + atOnce, count);
      for (; this.#started < target; this.#started += 1) void this.#agents[this.#started]?.run(this.#running.signal);
      await this.until((up) => up >= target);
    }
  }

  /** Resolves when it is so of the number of agents that are up. */
  until(isSo: (up: number) => boolean): Promise<void> {
    if (isSo(this.#up.size)) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isSo, resolve }));
  }

  get started(): number {
    return this.#started;
  }

  /** Why channels ended or could not be had, and how often. */
  get whys(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#whys);
  }

  #tell(): void {
    const up = this.#up.size;
    const done = this.#waiters.filter(({ isSo }) => isSo(up));
    if (done.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const { resolve } of done) resolve();
  }
}
