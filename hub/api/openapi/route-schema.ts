import type { z } from 'zod';
import type { ProblemCode } from '../../../protocol/problem.ts';
import type { RequestHeader, ResponseHeader } from './headers.ts';
import type { Tag } from './tags.ts';

/** What an answer with one status is. Its JSON schema stands in `response`, as fastify has it. */
export interface DescribedAnswer {
  readonly description: string;
  readonly headers?: readonly ResponseHeader[];
  /** Of an answer that is not JSON: `text/event-stream` … */
  readonly media?: string;
  /** Of an answer of server-sent events: what the `data` of each holds. */
  readonly eventData?: z.ZodType;
}

declare module 'fastify' {
  /** What a route says of itself, for `GET /api/v1/openapi.json`. What follows from its other schemas it need not say. */
  interface FastifySchema {
    /** What generated clients call it. A route that has none is not registered. */
    operationId?: string;
    /** True: it is not part of the API, and not described. */
    hide?: boolean;
    /** A few words, imperative. */
    summary?: string;
    description?: string;
    tags?: readonly Tag[];
    /** Headers of the request that it looks at. */
    takes?: readonly RequestHeader[];
    answers?: Readonly<Record<number, DescribedAnswer>>;
    /** Problems of its own, beyond those that any route of its kind may answer. */
    problems?: readonly ProblemCode[];
    /** Who is asked for what, where it is not the token of a user. */
    security?: readonly Readonly<Record<string, readonly string[]>>[];
  }
}
