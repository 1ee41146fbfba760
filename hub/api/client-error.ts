import type { Socket } from 'node:net';
import { ApiProblem, problemMediaType, toProblemDocument } from './api-problem.ts';

/** Answers bytes that are not a request at all, before any route is known, and hangs up. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(error.code);
  const body = JSON.stringify(toProblemDocument(problem, null));
  const head = [
    `HTTP/1.1 ${problem.status} ${toProblemDocument(problem, null).title}`,
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
}

function toProblem(code: string | undefined): ApiProblem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiProblem('headers-too-large', 'the headers are larger than this hub takes');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ApiProblem('too-large', "the body's chunk extensions are larger than this hub takes");
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiProblem('request-timeout', 'the request took too long to come; send it again');
    default:
      return new ApiProblem('header-invalid', 'expected an HTTP/1.1 request, got bytes that are not one');
  }
}
