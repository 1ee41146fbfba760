import { isUtf8 } from 'node:buffer';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { findCut } from './line-splitter.ts';
import type { StreamLine } from './stream-line.ts';

/** Whose lines they are. What is null is not known, and left out. */
export interface JobLogSubject {
  readonly job: string;
  readonly attempt: string;
  readonly number: number | null;
  readonly automation: string;
  readonly agent: string;
  readonly account: string | null;
  readonly traceId: string | null;
}

/** Container runtimes cut longer lines, and log collectors with small buffers skip them. The line feed counts. */
export const maxDocumentBytes = 16 * 1024;

/** Writes the documents of one attempt, each a line of JSON with its line feed. `docs/guides/job-logs.md` explains every field. */
export interface JobLogDocuments {
  /** One document, or a few where escapes make one too long. */
  line(line: StreamLine): string;
  /** The last one: how the attempt ended. */
  end(result: AttemptResult): string;
}

function toTime(at: number): string {
  return new Date(at).toISOString();
}

export function createJobLogDocuments(subject: JobLogSubject): JobLogDocuments {
  const { job, attempt, number, automation, agent, account, traceId } = subject;
  const ordered = { job, attempt, number, automation, agent, account, traceId };
  const known = Object.entries(ordered).filter(([, value]) => value !== null);
  // Of every line the same, so it is written once.
  const fields = JSON.stringify(Object.fromEntries(known)).slice(1, -1);
  let timeOf = Number.NEGATIVE_INFINITY;
  let time = '';

  function toDocument({ offset, bytes, at, content, partial }: StreamLine): string {
    if (at !== timeOf) {
      timeOf = at;
      time = toTime(at);
    }
    const { buffer, byteOffset, length } = content;
    const message = JSON.stringify(Buffer.from(buffer, byteOffset, length).toString('utf8'));
    const marks = `${partial ? ',"partial":true' : ''}${isUtf8(content) ? '' : ',"invalidUtf8":true'}`;
    return `{"time":"${time}","process":"job","type":"line",${fields},"offset":${offset},"bytes":${bytes}${marks},"message":${message}}\n`;
  }

  function toDocuments(line: StreamLine): string {
    const document = toDocument(line);
    // A character takes at most three bytes in UTF-8 for each of its units in a string.
    const isShort = document.length * 3 <= maxDocumentBytes || Buffer.byteLength(document) <= maxDocumentBytes;
    if (isShort || line.content.length < 2) return document;
    const cut = findCut(line.content, Math.ceil(line.content.length / 2));
    const head = { ...line, bytes: cut, content: line.content.subarray(0, cut), partial: true };
    const tail = { ...line, offset: line.offset + cut, bytes: line.bytes - cut, content: line.content.subarray(cut) };
    return toDocuments(head) + toDocuments(tail);
  }

  return {
    line: toDocuments,
    end({ outcome, cause, message, started, exitCode, signal, log, startedAt, endedAt }) {
      const { bytes, sha256, complete } = log;
      const end = { outcome, cause, started, exitCode, signal, startedAt, endedAt, bytes, sha256, complete, message };
      // The last lines are seen a moment after the end; in order of time it is the last document all the same.
      const last = toTime(Math.max(Date.parse(endedAt), timeOf));
      return `{"time":"${last}","process":"job","type":"end",${fields},${JSON.stringify(end).slice(1)}\n`;
    },
  };
}
