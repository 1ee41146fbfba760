import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem } from './api-problem.ts';

/** Of what is edited: the version of what can be edited. On a `GET` the digest of the whole answer is added. */
export function toEntityTag(version: number, digest?: string): string {
  return digest === undefined ? `"${version}"` : `"${version}-${digest}"`;
}

/**
 * The version that `If-Match` names; null when nothing is asked. Much of an agent changes by itself, all the time: only the version of
 * what people change counts here, whatever else the tag says, and `W/` of a proxy that compressed the answer. Throws `ApiProblem`
 * (`header-invalid`).
 */
export function readIfMatch(request: FastifyRequest): number | null {
  const text = request.headers['if-match'];
  if (text === undefined || text === '*') return null;
  const version = /^(?:W\/)?"(\d{1,15})(?:-[\w-]+)?"$/.exec(text)?.[1];
  if (version !== undefined) return Number(version);
  throw new ApiProblem('header-invalid', 'If-Match: expected the ETag of an earlier answer, in its quotes, or *');
}

/** A condition that would not be looked at must not seem to hold. Throws `ApiProblem` (`header-invalid`). */
export async function refuseIdleCondition(request: FastifyRequest): Promise<void> {
  if (request.headers['if-match'] === undefined || isRead(request)) return;
  if (request.routeOptions.schema?.takes?.includes('IfMatch') === true) return;
  throw new ApiProblem(
    'header-invalid',
    'If-Match: only draining and resuming an agent and setting quotas take it; leave it out',
  );
}

/** Gives every JSON answer of a `GET` an `ETag`, and answers 304 without a body when the reader has it already. */
export async function tagAnswer(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (reply.statusCode !== 200 || typeof payload !== 'string' || !isRead(request)) return payload;
  if (request.routeOptions.config.access === 'public') return payload;
  const digest = createHash('sha256').update(payload).digest('base64url').slice(0, 22);
  const own = /^"(\d+)"$/.exec(String(reply.getHeader('etag') ?? ''))?.[1];
  const tag = own === undefined ? `"${digest}"` : toEntityTag(Number(own), digest);
  reply.header('etag', tag);
  if (!isNamed(request.headers['if-none-match'], tag)) return payload;
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return '';
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Weakly, as RFC 9110 §13.1.2 says: a proxy that compressed the answer puts `W/` before the tag. */
function isNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}
