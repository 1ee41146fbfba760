import type { FastifyRequest } from 'fastify';
import { toActor } from '../identity/principal.ts';
import type { Actor, Origin } from '../store/actor.ts';
import { principalOf } from './access.ts';

/** Where a call comes from, for the audit. */
export function originOf(request: FastifyRequest): Origin {
  return { requestId: request.id, remote: request.remote };
}

/** Who calls a route that is not public, and from where, as the audit names them. */
export function actorOf(request: FastifyRequest): Actor {
  return { name: toActor(principalOf(request)), ...originOf(request) };
}
