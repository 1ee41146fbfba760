import { readFileSync, writeFileSync } from 'node:fs';
import type { TestEvent } from 'node:test/reporters';
import { type SeenRow, toFaultTable, writeFaultTable } from './fault-table.ts';
import { listFaultRows } from './list-fault-rows.ts';
import summaryReporter from './summary-reporter.ts';

const mark = 'seen ';

/**
 * The reporter of `npm run test:faults`: the summary, and before its last line a table of what was broken and how it went. `FAULT_PAGE` in the
 * environment is a page that keeps the table: it gets what was seen.
 */
// The runner takes a reporter as a default export only.
// oxlint-disable-next-line import/no-default-export
export default async function* faultsReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const rows: SeenRow[] = [];
  for await (const text of summaryReporter(collect(source, rows))) {
    if (/^\n\d+ passed, /.test(text)) yield `\n${toFaultTable(rows)}\n`;
    yield text;
  }
  const page = process.env['FAULT_PAGE'];
  if (page === undefined) return;
  writeFileSync(page, writeFaultTable(readFileSync(page, 'utf8'), { rows: listFaultRows(), seen: rows }));
}

/** A fault test says what it saw in its last words. */
async function* collect(source: AsyncIterable<TestEvent>, rows: SeenRow[]): AsyncGenerator<TestEvent, void> {
  for await (const event of source) {
    const { type, data } = event;
    if (type === 'test:diagnostic' && data.message.startsWith(mark)) {
      rows.push(JSON.parse(data.message.slice(mark.length)) as SeenRow);
    } else yield event;
  }
}
