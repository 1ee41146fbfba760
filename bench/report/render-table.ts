import type { Cell, Row, Table } from './table.ts';

/** A table in Markdown, with columns for target and verdict where a row has any. */
export function renderTable({ title, columns, rows, notes }: Table): string {
  const judged = rows.some(({ target }) => target !== undefined);
  const head = ['', ...columns, ...(judged ? ['target', 'verdict'] : [])];
  const lines = rows.map((row) => [row.what, ...row.cells.map(toText), ...(judged ? judge(row) : [])]);
  const ruler = head.map((_, index) => (index === 0 || index > columns.length ? '---' : '---:'));
  const text = [head, ruler, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `### ${title}\n\n${text}\n${notes.map((note) => `\n${note}\n`).join('')}`;
}

function judge({ target }: Row): readonly string[] {
  if (target === undefined) return ['', ''];
  return [target.text, target.met === null ? 'not measured' : target.met ? 'met' : '**not met**'];
}

/** Three digits that count, and no fractions of what is large. */
function toText(cell: Cell): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  if (!Number.isFinite(cell)) return '–';
  const size = Math.abs(cell);
  return cell.toFixed(size >= 100 || Number.isInteger(cell) ? 0 : size >= 10 ? 1 : 2);
}
