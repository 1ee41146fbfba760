import { padToWidth, toDisplayWidth, truncateToWidth } from './display-width.ts';
import type { Output } from './output.ts';
import { toPrintable } from './to-printable.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns that are never cut, beside the first, which names the row. */
  readonly whole?: readonly number[];
  /** Colours a cell after it was cut and padded; the text goes through as it is where nothing is said. */
  readonly paint?: (text: string, place: { readonly row: number; readonly column: number }) => string;
}

const gap = '  ';
/** A column is not made narrower than this to fit the terminal. */
const minWidth = 4;

/**
 * Rows for a person, in columns under a head, as wide as the terminal: what does not fit ends in "…". Or, when a program reads, one line a
 * row with tabs between, no head, and nothing cut. Control characters in cells never reach a terminal.
 */
export async function printTable(
  output: Output,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  for (const line of toTableLines(output, { head, rows })) await output.line(line);
}

/** The same as lines, with colours, and with columns that are never cut. */
export function toTableLines(output: Output, { head, rows, whole = [], paint }: Table): readonly string[] {
  if (!output.isTerminal) return rows.map((row) => row.map(toPrintable).join('\t'));
  const cells = rows.map((row) => row.map(toPrintable));
  const natural = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => toDisplayWidth(row[column] ?? ''))),
  );
  const room = (output.columns() ?? Number.POSITIVE_INFINITY) - gap.length * (head.length - 1);
  const widths = fitWidths(natural, room, [0, ...whole]);
  const toLine = (row: readonly string[], decorate: (text: string, column: number) => string) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const text = truncateToWidth(cell, width);
        // Blanks at the end of a line would wrap in a terminal that was made narrower.
        return decorate(column === row.length - 1 ? text : padToWidth(text, width), column);
      })
      .join(gap);
  return [
    output.paint('bold', toLine(head, (text) => text).trimEnd()),
    ...cells.map((row, index) =>
      toLine(row, (text, column) => paint?.(text, { row: index, column }) ?? text).trimEnd(),
    ),
  ];
}

/** Takes from the widest column that may be cut, again and again, until all fit. */
function fitWidths(natural: readonly number[], room: number, whole: readonly number[]): readonly number[] {
  const widths = [...natural];
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over -= 1) {
    const widest = widths.reduce(
      (best, width, column) => (!whole.includes(column) && width > (widths[best] ?? minWidth) ? column : best),
      -1,
    );
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
