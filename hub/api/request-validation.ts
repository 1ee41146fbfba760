import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { toPointer } from '../../protocol/parse.ts';
import type { ProblemCode } from '../../protocol/problem.ts';
import type { Issue } from '../../protocol/protocol-error.ts';
import { ApiProblem, notFound } from './api-problem.ts';

/** Issues shown to the caller. */
const maxIssues = 50;
const maxMessage = 300;

/** Checks each part of a request by its zod schema; what does not fit becomes the problem for that part. */
export const validateByZod: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (value: unknown) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? { value: parsed.data } : { error: toProblem(parsed.error, httpPart) };
  };
};

function toProblem(error: z.ZodError, httpPart: string | undefined): ApiProblem {
  // An id or a name that cannot be one names nothing.
  if (httpPart === 'params') return notFound('thing');
  const errors = error.issues.flatMap(toErrors).slice(0, maxIssues);
  const detail = errors.map(({ pointer, message }) => (pointer === '' ? message : `${pointer}: ${message}`)).join('; ');
  return new ApiProblem(toCode(errors, httpPart), detail.slice(0, 1000), { errors });
}

function toCode(errors: readonly Issue[], httpPart: string | undefined): ProblemCode {
  if (httpPart === 'body') return 'request-invalid';
  if (httpPart === 'headers') return 'header-invalid';
  return errors[0]?.pointer === '/cursor' ? 'cursor-invalid' : 'query-invalid';
}

/** Unknown keys are named one by one, each at its own place. */
function toErrors(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: toPointer([...issue.path, key]),
      message: 'not known here; leave it out',
    }));
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues.map((inner) => inner.message).join('; ');
    return [{ pointer: toPointer(issue.path), message: message.slice(0, maxMessage) }];
  }
  return [{ pointer: toPointer(issue.path), message: issue.message.slice(0, maxMessage) }];
}
