import { z } from 'zod';
import type { Bench } from '../bench.ts';
import { readMemory } from '../process-facts.ts';
import { type Servant, startServant } from '../servant.ts';
import type { Wire } from '../wire.ts';

/** One process has one core, and at some thousand agents nothing else of it: who measures a hub must not wait for the crowd. */
const agentsPerProcess = 2_500;

const CrowdAnswer = z.object({
  tookMs: z.number(),
  cpuMs: z.number(),
  up: z.int(),
  whys: z.record(z.string(), z.int()),
});
export type CrowdAnswer = Readonly<z.infer<typeof CrowdAnswer>>;

interface Part {
  readonly servant: Servant;
  readonly first: number;
  readonly count: number;
}

/** Simulated agents in as many processes as it takes, asked as one. */
export class Crowds implements AsyncDisposable {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  static async start(bench: Bench, count: number): Promise<Crowds> {
    const parts: Part[] = [];
    for (let first = 0; first < count; first += agentsPerProcess) {
      const servant = await startServant(bench.workplace, bench.servant('agent-crowd'));
      parts.push({ servant, first, count: Math.min(agentsPerProcess, count - first) });
    }
    return new Crowds(parts);
  }

  get residentBytes(): number {
    return this.#parts.reduce((sum, { servant }) => sum + readMemory(servant.pid).residentBytes, 0);
  }

  enrol(place: {
    readonly hubUrl: string;
    readonly wire: Wire;
    readonly joinToken: string;
    readonly maxRetryMs: number;
  }): Promise<CrowdAnswer> {
    return this.#ask(({ first, count }) => ({ type: 'enrol', ...place, first, count }));
  }

  /** Lets so many dial in all, a few at once in each process. */
  dial(total: number, options: { readonly atOnce: number; readonly patienceMs: number }): Promise<CrowdAnswer> {
    const atOnce = Math.ceil(options.atOnce / this.#parts.length);
    const all = this.#parts.reduce((sum, { count }) => sum + count, 0);
    let [left, others] = [total, all];
    return this.#ask(({ count: own }) => {
      const count = Math.round((left * own) / others);
      left -= count;
      others -= own;
      return { type: 'dial', ...options, count, atOnce };
    });
  }

  awaitDown(patienceMs: number): Promise<CrowdAnswer> {
    return this.#ask(() => ({ type: 'await-down', patienceMs }));
  }

  awaitUp(patienceMs: number): Promise<CrowdAnswer> {
    return this.#ask(() => ({ type: 'await-up', patienceMs }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#parts.map(({ servant }) => servant[Symbol.asyncDispose]()));
  }

  async #ask(toQuestion: (part: Part) => object): Promise<CrowdAnswer> {
    const questions = this.#parts.map((part) => ({ part, question: toQuestion(part) }));
    const answers = await Promise.all(questions.map(({ part, question }) => part.servant.ask(question, CrowdAnswer)));
    const whys: Record<string, number> = {};
    for (const answer of answers) {
      for (const [why, times] of Object.entries(answer.whys)) whys[why] = (whys[why] ?? 0) + times;
    }
    const sum = (of: (answer: CrowdAnswer) => number) => answers.reduce((total, answer) => total + of(answer), 0);
    return {
      tookMs: Math.max(...answers.map(({ tookMs }) => tookMs)),
      cpuMs: sum(({ cpuMs }) => cpuMs),
      up: sum(({ up }) => up),
      whys,
    };
  }
}
