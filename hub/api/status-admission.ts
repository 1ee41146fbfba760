import type { FastifyRequest } from 'fastify';
import { wantsPage } from '../../runtime/status-html.ts';
import { defaultAccount } from '../account.ts';
import type { AuthenticateUser } from '../identity/user-authenticator.ts';
import type { StatusReader } from '../status/hub-status.ts';
import { toAdmissionProblem } from './admission-problem.ts';
import { ApiProblem } from './api-problem.ts';

/** At this a browser asks for a name and a password by itself. The name is nothing, the password a token. */
const browserChallenge = 'Basic realm="farhand: any name, a token as the password", charset="UTF-8"';

/**
 * Who may see the status: tokens of the hub's own account, from wherever they come. It names agents, automations and jobs, so nobody sees it
 * for being on the same machine. Throws `ApiProblem` (`token-missing`, `token-invalid`, `not-allowed`, `unavailable`, `too-many`).
 */
export async function admitToStatus(signIn: AuthenticateUser, request: FastifyRequest): Promise<StatusReader> {
  const admission = await signIn(toBearer(request.headers.authorization), request.remote);
  if (admission.type !== 'admitted') {
    const challenge = wantsPage(request.headers.accept) ? browserChallenge : 'Bearer';
    throw toAdmissionProblem(admission, { missing: challenge, invalid: challenge });
  }
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
