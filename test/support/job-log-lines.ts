import assert from 'node:assert/strict';

/** A document of a job log, as whoever collects them finds it. */
export interface JobLogEntry {
  readonly time: string;
  readonly process: string;
  readonly type: string;
  readonly job: string;
  readonly attempt: string;
  readonly number?: number;
  readonly automation: string;
  readonly agent: string;
  readonly account?: string;
  readonly traceId?: string;
  readonly message: string;
  readonly bytes: number;
  readonly offset?: number;
  readonly partial?: true;
  readonly invalidUtf8?: true;
  readonly outcome?: string;
  readonly cause?: string;
  readonly exitCode?: number | null;
  readonly sha256?: string;
  readonly complete?: boolean;
}

/** Every line must be one whole document: nothing else may stand between them. */
export function parseJobLog(text: string): readonly JobLogEntry[] {
  assert.ok(text === '' || text.endsWith('\n'), `expected whole lines, got ${JSON.stringify(text.slice(-200))}`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Lines of an attempt in the order of their offsets, those that came twice once. Every one of them must follow the one before, without a hole. */
export function linesOf(entries: readonly JobLogEntry[], attempt: string): readonly JobLogEntry[] {
  const byOffset = new Map<number, JobLogEntry>();
  for (const entry of entries) {
    if (entry.attempt !== attempt || entry.offset === undefined) continue;
    const before = byOffset.get(entry.offset);
    // What comes twice is the same, but for when it was seen.
    if (before !== undefined) assert.deepEqual({ ...entry, time: '' }, { ...before, time: '' });
    byOffset.set(entry.offset, entry);
  }
  const lines = [...byOffset.values()].sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
  let next = 0;
  for (const { offset, bytes } of lines) {
    assert.equal(offset, next, `expected the line at ${next}, got one at ${offset}`);
    next += bytes;
  }
  return lines;
}

/** The text of an attempt, of one whose lines end in line feeds. */
export function textOf(entries: readonly JobLogEntry[], attempt: string): string {
  return linesOf(entries, attempt)
    .map(({ message, partial }) => message + (partial === true ? '' : '\n'))
    .join('');
}

export function endsOf(entries: readonly JobLogEntry[], attempt: string): readonly JobLogEntry[] {
  return entries.filter((entry) => entry.attempt === attempt && entry.type === 'end');
}
