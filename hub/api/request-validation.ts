import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import type { ProblemCode } from '../../protocol/problem.ts';
import type { Issue } from '../../protocol/protocol-error.ts';
import { ApiProblem, notFound } from './api-problem.ts';
import { toRequestIssues } from './request-issues.ts';

/** Checks each part of a request by its zod schema; what does not fit becomes the problem for that part. */
export const validateByZod: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart, url }) => {
  return (value: unknown) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? { value: parsed.data } : { error: toProblem(parsed.error, { schema, httpPart, url }) };
  };
};

interface Checked {
  readonly schema: z.ZodType;
  readonly httpPart: string | undefined;
  readonly url: string | undefined;
}

function toProblem(error: z.ZodError, { schema, httpPart, url }: Checked): ApiProblem {
  // An id or a name that cannot be one names nothing.
  if (httpPart === 'params') return notFound(nameParameter(url ?? '', error));
  const errors = toRequestIssues(error, schema);
  const detail = errors.map(({ pointer, message }) => (pointer === '' ? message : `${pointer}: ${message}`)).join('; ');
  return new ApiProblem(toCode(errors, httpPart), detail.slice(0, 1000), { errors });
}

/** What the wrong part of the path would have named: `job` for the id in `/jobs/:id`, by the part before it. */
function nameParameter(url: string, error: z.ZodError): string {
  const wrong = String(error.issues[0]?.path[0]);
  if (!['id', 'name', 'number'].includes(wrong)) return wrong;
  const parts = url.split('/');
  const place = parts.indexOf(`:${wrong}`);
  return parts[place - 1]?.replace(/s$/, '').replace('-', ' ') ?? 'thing';
}

function toCode(errors: readonly Issue[], httpPart: string | undefined): ProblemCode {
  if (httpPart === 'body') return 'request-invalid';
  if (httpPart === 'headers') return 'header-invalid';
  return errors[0]?.pointer === '/cursor' ? 'cursor-invalid' : 'query-invalid';
}
