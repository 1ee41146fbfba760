import type { FastifyRequest } from 'fastify';
import { defaultAccount } from '../account.ts';
import type { AuthenticateUser } from '../identity/user-authenticator.ts';
import type { StatusReader } from '../status/hub-status.ts';
import { ApiProblem } from './api-problem.ts';

/** A browser asks for a name and a password by itself; the name is nothing, the password a token. */
const challenge = 'Basic realm="farhand: any name, and a token as password", Bearer';

/**
 * Who may see the status: tokens of the hub's own account, from wherever they come. It names agents, automations and jobs, so nobody sees it
 * for being on the same machine. Throws `ApiProblem` (`token-missing`, `token-invalid`, `not-allowed`).
 */
export async function admitToStatus(authenticate: AuthenticateUser, request: FastifyRequest): Promise<StatusReader> {
  const admission = await authenticate(toBearer(request.headers.authorization));
  if (admission.type === 'refused')
    throw new ApiProblem(admission.code, admission.message, { headers: { 'www-authenticate': challenge } });
  const { account, role } = admission.principal;
  if (account !== defaultAccount)
    throw new ApiProblem('not-allowed', `the status takes a token of the account ${defaultAccount}`);
  return { account, seesAll: role === 'admin' };
}

function toBearer(authorization: string | undefined): string | undefined {
  const [, encoded] = /^basic +([a-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return authorization;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  return `Bearer ${pair.slice(pair.indexOf(':') + 1)}`;
}
