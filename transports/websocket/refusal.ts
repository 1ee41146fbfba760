import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Problem, type ProblemCode, problems } from '../../protocol/problem.ts';

export interface Refusal {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers an upgrade with a problem (RFC 9457) and ends the connection. `socket` must have an `error` listener. */
export function refuse(socket: Duplex, refusal: Refusal): void {
  const { title, status } = problems[refusal.code];
  const problem: Problem = { type: 'about:blank', title, status, code: refusal.code, detail: refusal.detail };
  const body = JSON.stringify(problem);
  const headers = {
    connection: 'close',
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${value.replaceAll(/[^\x20-\x7e]/g, '?')}\r\n`,
  );
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
