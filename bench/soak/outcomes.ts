/** What came of the jobs of one kind. */
export interface Outcome {
  readonly kind: string;
  readonly submitted: number;
  readonly asExpected: number;
  readonly surprises: number;
}

const toldAtMost = 50;

/** Counts whether jobs ended as they had to. */
export class Outcomes {
  readonly #counts = new Map<string, { submitted: number; asExpected: number; surprises: number }>();
  readonly #surprises: string[] = [];

  /** The first of what was not expected, a sentence each. */
  get surprises(): readonly string[] {
    return this.#surprises;
  }

  submitted(kind: string): void {
    this.#of(kind).submitted += 1;
  }

  /** `fault`: what is wrong with it; null when it is as expected. */
  ended(kind: string, fault: string | null): void {
    if (fault === null) this.#of(kind).asExpected += 1;
    else this.#of(kind).surprises += 1;
    if (fault !== null && this.#surprises.length < toldAtMost) this.#surprises.push(`${kind}: ${fault}`);
  }

  list(): readonly Outcome[] {
    return [...this.#counts].map(([kind, counts]) => ({ kind, ...counts }));
  }

  #of(kind: string) {
    const counts = this.#counts.get(kind) ?? { submitted: 0, asExpected: 0, surprises: 0 };
    this.#counts.set(kind, counts);
    return counts;
  }
}
