import { relative, resolve } from 'node:path';
import type { EventData } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect, styleText } from 'node:util';

/** Of what a failing file printed, only the last part is shown. */
const maxOutputCharacters = 20_000;

/** What failed is said once more at the end, where a log of which only the tail is kept still holds it: so much of each, and in all. */
const maxRepeatedCharacters = 1500;
const maxRepeatedInAll = 12_000;

/**
 * The reporter of `npm test`: a line for each file, the details of each failure, in short again at the end, and a last
 * line for machines, `N passed, N failed` (`, N skipped` where there are any). The line of a file says why tests of it
 * were skipped.
 *
 * A file that ends without having run a test counts as failed: the runner itself calls it passed, also when a test
 * ended the process early.
 */
// The runner takes a reporter as a default export only.
// oxlint-disable-next-line import/no-default-export
export default async function* summaryReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const output = new Map<string, string>();
  const skips = new Map<string, Set<string>>();
  const silentFiles: string[] = [];
  const failures: string[] = [];
  const keep = (file: string | undefined, text: string) => {
    if (file === undefined) return;
    // Output comes with the path as it was given, everything else with the whole path.
    const path = resolve(file);
    output.set(path, ((output.get(path) ?? '') + text).slice(-maxOutputCharacters));
  };

  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') keep(data.file, data.message);
    else if (type === 'test:diagnostic') keep(data.file, `${data.message}\n`);
    else if (type === 'test:fail') {
      const text = toFailureText(data);
      if (text !== '') failures.push(text);
      yield text;
      if (isFileItself(data)) yield toOutputText(data.file, output);
    } else if (type === 'test:pass' && isFileItself(data)) {
      silentFiles.push(data.name);
      const text = `${mark(false)} ${data.name}: expected at least one test, none was run to its end\n`;
      failures.push(text);
      yield `${text}${toOutputText(data.file, output)}`;
    } else if (type === 'test:pass' && data.file !== undefined && typeof data.skip === 'string') {
      skips.set(data.file, (skips.get(data.file) ?? new Set()).add(data.skip));
    } else if (type === 'test:summary') {
      if (data.file === undefined) yield `${toRepeatedText(failures)}${toLastLine(data.counts, silentFiles.length)}`;
      else {
        yield toFileLine(data, data.file, [...(skips.get(data.file) ?? [])]);
        if (!data.success) yield toOutputText(data.file, output);
        output.delete(data.file);
      }
    }
  }
}

/** The runner wraps each file in a test of its own, which it reports only when the file crashed or held no test. */
function isFileItself({ name, file, nesting }: EventData.TestPass | EventData.TestFail): boolean {
  return nesting === 0 && file !== undefined && resolve(name) === file;
}

function toFileLine(
  { counts, duration_ms: durationMs, success }: EventData.TestSummary,
  file: string,
  whySkipped: readonly string[],
): string {
  const skipped = counts.skipped + counts.todo;
  const facts = [`${counts.passed + skipped} of ${counts.tests}`, `${Math.round(durationMs)} ms`];
  if (skipped > 0) facts.push([`${skipped} skipped`, ...whySkipped].join(': '));
  return `${mark(success)} ${relative(process.cwd(), file)} (${facts.join(', ')})\n`;
}

function toFailureText({ name, file, line, details }: EventData.TestFail): string {
  const error = details.error as Error & { readonly failureType?: string };
  if (error.failureType === 'subtestsFailed') return '';
  const place = file === undefined ? '' : ` (${relative(process.cwd(), file)}:${line ?? 1})`;
  return `${mark(false)} ${name}${place}\n${indent(toErrorText(error))}\n`;
}

function toErrorText({ message, cause }: Error): string {
  const text = cause === undefined ? message : typeof cause === 'string' ? cause : inspect(cause, { depth: 6 });
  const lines = text.split('\n').filter((line) => !/^\s+at .*\(?node:/.test(line));
  return (message === '' || text.includes(message) ? lines : [message, ...lines]).join('\n');
}

function toOutputText(file: string | undefined, output: Map<string, string>): string {
  const text = file === undefined ? undefined : output.get(file);
  return text === undefined ? '' : `  it printed:\n${indent(text.trimEnd())}\n`;
}

function toRepeatedText(failures: readonly string[]): string {
  if (failures.length === 0) return '';
  const cut = failures.map((text) =>
    text.length <= maxRepeatedCharacters ? text : `${text.slice(0, maxRepeatedCharacters)}\n    … (whole above)\n`,
  );
  return `\nfailed, once more:\n${cut.join('').slice(0, maxRepeatedInAll)}\n`;
}

function toLastLine(counts: EventData.TestSummary['counts'], silentFileCount: number): string {
  const passed = counts.passed - silentFileCount;
  const skipped = counts.skipped + counts.todo;
  const failed = counts.tests - passed - skipped;
  if (failed > 0 || passed + skipped === 0) process.exitCode = 1;
  return `\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
}

function mark(passed: boolean): string {
  return passed ? styleText('green', '✓') : styleText('red', '✗');
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}
