import type { Output } from './output.ts';
import { toPrintable } from './to-printable.ts';

/**
 * Rows for a person, in columns under a head; or, when a program reads, one line a row with tabs between and no head. Control characters
 * in cells never reach a terminal.
 */
export async function printTable(
  output: Output,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  if (!output.isTerminal) {
    for (const row of rows) await output.line(row.map(toPrintable).join('\t'));
    return;
  }
  const cells = rows.map((row) => row.map(toPrintable));
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const toLine = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  await output.line(output.paint('bold', toLine(head)));
  for (const row of cells) await output.line(toLine(row));
}
