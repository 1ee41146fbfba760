import { basename } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import summaryReporter from './summary-reporter.ts';

interface Row {
  readonly file: string;
  readonly name: string;
  readonly outcome: string;
  figures: string;
}

/** The reporter of `npm run test:faults`: the summary, and before its last line a table of what was done and how it went. */
// The runner takes a reporter as a default export only.
// oxlint-disable-next-line import/no-default-export
export default async function* faultsReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const rows: Row[] = [];
  for await (const text of summaryReporter(collect(source, rows))) {
    if (/^\n\d+ passed, /.test(text)) yield `\n${rows.map(toLine).join('')}`;
    yield text;
  }
}

/** What a test says of itself (`t.diagnostic`) comes right behind its end. */
async function* collect(source: AsyncIterable<TestEvent>, rows: Row[]): AsyncGenerator<TestEvent, void> {
  for await (const event of source) {
    const { type, data } = event;
    if ((type === 'test:pass' || type === 'test:fail') && data.file !== undefined && data.line !== 1) {
      const outcome = type === 'test:fail' ? 'failed' : data.skip === undefined ? 'passed' : 'skipped';
      const seconds = `${(data.details.duration_ms / 1_000).toFixed(1)} s`;
      rows.push({ file: basename(data.file, '.test.ts'), name: data.name, outcome, figures: seconds });
    }
    const last = rows.at(-1);
    if (type === 'test:diagnostic' && data.level === 'info' && data.nesting === 0 && last !== undefined) {
      if (data.file !== undefined && basename(data.file, '.test.ts') === last.file) last.figures += `; ${data.message}`;
    }
    yield event;
  }
}

function toLine({ file, name, outcome, figures }: Row): string {
  return `${outcome.padEnd(8)} ${file.padEnd(14)} ${name} (${figures})\n`;
}
