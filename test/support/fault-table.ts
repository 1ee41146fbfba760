import type { FaultRow } from './fault-row.ts';

/** A row, the test file that it is in, and what a run saw of it: jobs, starts, ends, bytes compared. Empty: it was not run. */
export interface SeenRow extends FaultRow {
  readonly file: string;
  readonly seen: string;
}

const begin = '<!-- the fault table: npm run docs:faults -->\n';
const end = '<!-- the end of the fault table -->\n';
const head = ['what breaks', 'when', 'outcome', 'seen', 'test'];

/** As Markdown. Sorted, so that two runs differ in what they saw and in nothing else. */
export function toFaultTable(rows: readonly SeenRow[]): string {
  const sorted = rows.toSorted((first, second) => (toKey(first) < toKey(second) ? -1 : 1));
  const lines = sorted.map(({ broken, when, outcome, seen, file }) =>
    toLine([broken, when, outcome, seen, `\`${file}\``]),
  );
  return [toLine(head), toLine(head.map(() => '---')), ...lines].join('');
}

/** Of a page that holds one. */
export function readFaultTable(page: string): readonly SeenRow[] {
  const lines = splitPage(page).table.split('\n').slice(2).filter(Boolean);
  return lines.map((line) => {
    const [broken = '', when = '', outcome = '', seen = '', file = ''] = line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim());
    return { broken, when, outcome, seen, file: file.replaceAll('`', '') };
  });
}

/** The page with the rows that there are now. What was seen of one that was not run again stays. */
export function writeFaultTable(
  page: string,
  { rows, seen }: { readonly rows: readonly Omit<SeenRow, 'seen'>[]; readonly seen: readonly SeenRow[] },
): string {
  const known = new Map([...readFaultTable(page), ...seen].map((row) => [toKey(row), row.seen]));
  const { before, after } = splitPage(page);
  return `${before}${toFaultTable(rows.map((row) => ({ ...row, seen: known.get(toKey(row)) ?? '' })))}${after}`;
}

function splitPage(page: string): { readonly before: string; readonly table: string; readonly after: string } {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`expected the page to hold ${begin} … ${end}`);
  const at = from + begin.length;
  return { before: page.slice(0, at), table: page.slice(at, to), after: page.slice(to) };
}

function toKey({ file, broken, when, outcome }: Omit<SeenRow, 'seen'>): string {
  return [file, broken, when, outcome].join('\0');
}

function toLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}
