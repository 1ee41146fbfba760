import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiProblem, problemMediaType, toProblemDocument } from './api-problem.ts';

/** Answers a request that expects something else than `100-continue`. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const problem = new ApiProblem('header-invalid', 'Expect: expected "100-continue", got something else');
  const body = JSON.stringify(toProblemDocument(problem, null));
  response
    .writeHead(problem.status, {
      'content-type': problemMediaType,
      'content-length': Buffer.byteLength(body),
      'x-content-type-options': 'nosniff',
      connection: 'close',
    })
    .end(body);
}
