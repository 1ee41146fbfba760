import { createHash } from 'node:crypto';

/** What happened in a run, in order: a digest that tells two runs apart, and the text for whoever wants to read it. */
export class Trace {
  readonly lines: string[] = [];
  readonly #hash = createHash('sha256');
  readonly #now: () => number;
  readonly #keeps: 'nothing' | 'events' | 'all';

  constructor(options: { readonly now: () => number; readonly keeps: 'nothing' | 'events' | 'all' }) {
    this.#now = options.now;
    this.#keeps = options.keeps;
  }

  /** Something that a reader wants to know. */
  event(text: string): void {
    this.#note(text, this.#keeps !== 'nothing');
  }

  /** One of the many small steps between. */
  detail(text: string): void {
    this.#note(text, this.#keeps === 'all');
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  #note(text: string, keep: boolean): void {
    const line = `${(this.#now() / 1000).toFixed(3).padStart(10)} ${text}`;
    this.#hash.update(line);
    if (keep) this.lines.push(line);
  }
}
