import { type Problem, type ProblemCode, problems } from '../../protocol/problem.ts';
import type { Issue } from '../../protocol/protocol-error.ts';

export interface ApiProblemOptions {
  readonly errors?: readonly Issue[];
  /** Headers that go with the answer, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What has no room. */
  readonly full?: Problem['full'];
}

/** Thrown by handlers: the request cannot be answered as asked, and why. Everything in it is shown to the caller. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ProblemCode;
  readonly errors: readonly Issue[];
  readonly headers: Readonly<Record<string, string>>;
  readonly full: Problem['full'];

  /** `detail` says what was expected, what came, and what to do. */
  constructor(code: ProblemCode, detail: string, options: ApiProblemOptions = {}) {
    super(detail);
    this.code = code;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
    this.full = options.full;
  }

  get status(): number {
    return problems[this.code].status;
  }
}

export const problemMediaType = 'application/problem+json';

/** `requestId`: null for what was refused before it was a request. */
export function toProblemDocument({ code, message, errors, full }: ApiProblem, requestId: string | null): Problem {
  const { status, title } = problems[code];
  return {
    type: `urn:farhand:problem:${code}`,
    title,
    status,
    code,
    detail: message,
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
    ...(full === undefined ? {} : { full }),
    ...(requestId === null ? {} : { requestId }),
  };
}

/** Not there, or not yours: the same answer, so that nobody learns what others have. */
export function notFound(what: string): ApiProblem {
  return new ApiProblem('not-found', `there is no such ${what}`);
}
