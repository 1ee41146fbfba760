import type { FaultRow } from './fault-row.ts';

/** A row, the test file that it is in, and what a run saw of it: jobs, starts, ends, bytes compared. */
export interface SeenRow extends FaultRow {
  readonly file: string;
  readonly seen: string;
}

/** As Markdown. Sorted, so that two runs differ in what they saw and in nothing else. */
export function toFaultTable(rows: readonly SeenRow[]): string {
  const key = ({ file, broken, when }: SeenRow) => `${file}\0${broken}\0${when}`;
  const sorted = rows.toSorted((first, second) => (key(first) < key(second) ? -1 : 1));
  const lines = sorted.map(({ broken, when, outcome, seen, file }) =>
    toLine([broken, when, outcome, seen, `\`${file}\``]),
  );
  return [
    toLine(['what breaks', 'when', 'outcome', 'seen', 'test']),
    toLine(['---', '---', '---', '---', '---']),
    ...lines,
  ].join('');
}

function toLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}
