/** What DESIGN asks of a figure, and whether it was reached; null where the run could not tell. */
export interface Target {
  readonly text: string;
  readonly met: boolean | null;
}

/** null: not measured, or not to be told from so few rounds. */
export type Cell = number | string | null;

export interface Row {
  readonly what: string;
  readonly cells: readonly Cell[];
  readonly target?: Target;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Sentences below it. */
  readonly notes: readonly string[];
}
