import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../runtime/logger.ts';
import { StoreError } from '../store/store-error.ts';
import { ApiProblem, problemMediaType, toProblemDocument } from './api-problem.ts';
import { requestIdHeader } from './request-id.ts';

/** Fastify's own errors, by code. */
const fastifyProblems: Readonly<Record<string, (error: Error) => ApiProblem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new ApiProblem('too-large', 'the body is larger than this hub takes'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => unsupportedMediaType(),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new ApiProblem('header-invalid', 'the body is not as long as its Content-Length says'),
  FST_ERR_BAD_URL: () => new ApiProblem('not-found', 'the path is not a valid one'),
  FST_ERR_MAX_PARAM_LENGTH: () => new ApiProblem('not-found', 'a part of the path is too long to name anything'),
};

export function unsupportedMediaType(): ApiProblem {
  return new ApiProblem(
    'unsupported-media-type',
    'send the body as "Content-Type: application/json", in UTF-8 and not compressed',
  );
}

/** Makes a problem of whatever was thrown. What nobody foresaw is logged here and not shown. */
export function toApiProblem(error: unknown, logger: Logger): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof StoreError) return fromStoreError(error, logger);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = fastifyProblems[code];
  if (known !== undefined && error instanceof Error) return known(error);
  if (isAbortedRequest(code)) return new ApiProblem('header-invalid', 'the request ended before its body did');
  logger.error({ error }, 'request failed');
  return new ApiProblem('internal', 'the hub failed at this request; its log says why');
}

function fromStoreError(error: StoreError, logger: Logger): ApiProblem {
  if (error.code === 'cursor-invalid') {
    return new ApiProblem('cursor-invalid', 'expected a cursor that an earlier page gave as nextCursor');
  }
  logger.error({ error }, 'the store failed at a request');
  if (error.code === 'broken' || error.code === 'newer-version') {
    return new ApiProblem('internal', "the hub's store failed; its log says why");
  }
  const detail =
    error.code === 'full'
      ? "the hub's disk is full; nothing was changed"
      : "the hub's store is not open now; try again";
  return new ApiProblem('unavailable', detail, { headers: { 'retry-after': '5' } });
}

function isAbortedRequest(code: string): boolean {
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

export function sendProblem(reply: FastifyReply, problem: ApiProblem): FastifyReply {
  return reply
    .code(problem.status)
    .headers({ ...problem.headers, 'x-content-type-options': 'nosniff', [requestIdHeader]: reply.request.id })
    .type(problemMediaType)
    .send(JSON.stringify(toProblemDocument(problem, reply.request.id)));
}

export function createErrorHandler(logger: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = toApiProblem(
      error,
      logger.child({ requestId: request.id, method: request.method, route: request.routeOptions.url ?? null }),
    );
    return sendProblem(reply, problem);
  };
}
