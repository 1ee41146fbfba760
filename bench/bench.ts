import type { PeerName } from './peers/peer-names.ts';
import type { Table } from './report/table.ts';
import type { Sizes } from './sizes.ts';
import type { Workplace } from './workplace.ts';

/** What a measure works with. */
export interface Bench {
  readonly workplace: Workplace;
  /** Path of the `farhand.mjs` that is measured. */
  readonly program: string;
  /** Path of a program of `bench/programs`. */
  readonly servant: (name: string) => string;
  readonly sizes: Sizes;
  readonly peers: ReadonlySet<PeerName>;
  /** Tells the person who waits. */
  readonly say: (text: string) => void;
}

export interface Measure {
  readonly name: string;
  /** One line: what it measures. */
  readonly about: string;
  run(bench: Bench): Promise<readonly Table[]>;
}
