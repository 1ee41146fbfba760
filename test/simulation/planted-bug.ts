import type { FaultKind } from './generate-fault.ts';
import type { Schedule } from './schedule.ts';

/** One place of a file, from the root of the repository, and what stands there instead. `find` stands in it exactly once. */
export interface PlantedEdit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A mistake that somebody could make in the program. Where two places keep each other's watch, it is made in both. */
export interface PlantedBug {
  /** What the program does then. */
  readonly name: string;
  readonly edits: readonly PlantedEdit[];
  /** It does harm beside faults of these kinds, or where the hub's files are put back. */
  readonly faults: readonly [FaultKind, ...FaultKind[]] | 'put-back';
  /** Its schedules hand attempts over to pods. */
  readonly inPods?: true;
  /** What each of its schedules has besides. */
  readonly given?: Partial<Schedule>;
  /** Within so many seeds it must be found. */
  readonly seeds: number;
  /** The seed that found it last, which is tried before the others: with another generator it may be another one. */
  readonly foundBy: number;
}
