/** What goes wrong in a memory network. Tests and simulations change it while it runs; what is on its way keeps its fate. */
export interface MemoryFaults {
  /** How long each packet takes, dials included. */
  latencyMs: number;
  /** Up to so much more, by chance. Packets of one connection still keep their order. */
  jitterMs: number;
  /** `refused`: dials fail as `unreachable`. `hanging`: they get no answer until they are given up. */
  dials: 'answered' | 'refused' | 'hanging';
  /** Chance (0 … 1) that an event on a control channel vanishes. */
  drop: number;
  /** Chance that it comes twice. */
  double: number;
  /** Chance that it comes `lateMs` later, behind others that were sent after it. */
  late: number;
  lateMs: number;
}

export function createMemoryFaults(): MemoryFaults {
  return { latencyMs: 0, jitterMs: 0, dials: 'answered', drop: 0, double: 0, late: 0, lateMs: 1_000 };
}
