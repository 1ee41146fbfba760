import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { type Permission, rolesWith } from '../identity/permissions.ts';
import type { Principal } from '../identity/principal.ts';
import type { AuthenticateUser } from '../identity/user-authenticator.ts';
import { toAdmissionProblem } from './admission-problem.ts';
import type { ApiContext } from './api-context.ts';
import { ApiProblem } from './api-problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. A route that does not say is not registered. */
    access?: Permission | 'public';
    /** Whoever watches over the hub asks as often as they like. Only of a route that is public, and costs nothing. */
    isUnlimited?: true;
  }
  interface FastifyRequest {
    /** Set before any handler of a route that is not public runs. */
    principal: Principal | null;
    /** The address that it comes from, before any hook but the first runs. */
    remote: string;
  }
}

/** Throws when a route does not say who may call it. */
export function requireDeclaredAccess(route: RouteOptions): void {
  if (route.config?.access === undefined)
    throw new Error(`route ${String(route.method)} ${route.url}: expected config.access, got none`);
}

/**
 * Establishes who calls before anything else is looked at. Unknown paths of the API ask for a token too, so that without one nobody
 * learns which there are.
 */
export function createAccessHook({
  signIn,
  rates,
  connections,
  know,
}: Pick<ApiContext, 'signIn' | 'rates' | 'connections' | 'know'>) {
  return async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    const access = request.is404 ? (isOfApi(request.url) ? 'any' : 'public') : request.routeOptions.config.access;
    if (access === 'public') {
      if (request.routeOptions.config.isUnlimited !== true) rates.countNetwork(request);
      return;
    }
    request.principal = await admit(signIn, request);
    connections.take(request.raw.socket, request.principal);
    know(request.raw.socket);
    rates.countCaller(request.principal);
    if (access === 'any') return;
    const roles: readonly string[] = access === undefined ? [] : rolesWith(access);
    if (!roles.includes(request.principal.role)) {
      throw new ApiProblem('not-allowed', `the role ${request.principal.role} may not; it takes ${roles.join(' or ')}`);
    }
  };
}

/** Who calls. Throws `ApiProblem` (`token-missing`, `token-invalid`, `not-allowed`, `unavailable`, `too-many`). */
export async function admit(signIn: AuthenticateUser, request: FastifyRequest): Promise<Principal> {
  const admission = await signIn(request.headers.authorization, request.remote);
  if (admission.type === 'admitted') return admission.principal;
  throw toAdmissionProblem(admission, { missing: 'Bearer', invalid: 'Bearer error="invalid_token"' });
}

/** The caller of a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('expected a route that is not public');
  return request.principal;
}

function isOfApi(url: string): boolean {
  return url.toLowerCase().startsWith('/api');
}
