import type { Authenticate } from '../../transports/credential.ts';
import type { Store } from '../store/store.ts';
import { parseAgentCredential } from './agent-credential.ts';
import type { AgentPrincipal } from './agent-principal.ts';
import { parseBearerToken } from './bearer-token.ts';
import type { Refusals } from './refusals.ts';
import { parseTicketCredential, readTicketSubject } from './ticket-credential.ts';
import { hashToken } from './token-text.ts';
import type { AuthenticateUser } from './user-authenticator.ts';

interface NotedBy {
  readonly store: Pick<Store, 'queries'>;
  readonly refusals: Pick<Refusals, 'note'>;
}

/** The same, and whoever comes with a token that does not stand is noted. Who comes without any is only told to bring one. */
export function noteUserRefusals(authenticate: AuthenticateUser, { store, refusals }: NotedBy): AuthenticateUser {
  return async (authorization, remote) => {
    const admission = await authenticate(authorization, remote);
    if (admission.type === 'refused' && admission.code === 'token-invalid') {
      const bearer = parseBearerToken(authorization);
      const token = bearer.type === 'token' ? await store.queries.anyToken(hashToken(bearer.token)) : null;
      const subject = token === null ? null : { account: token.account, object: `token:${token.id}` };
      refusals.note({ door: 'api', remote, subject });
    }
    return admission;
  };
}

/** The same of agents whose signature does not hold, or that were revoked, and of runners whose ticket does not stand. */
export function noteAgentRefusals(
  authenticate: Authenticate<AgentPrincipal>,
  { store, refusals }: NotedBy,
): Authenticate<AgentPrincipal> {
  return async (request) => {
    const admission = await authenticate(request);
    if (admission.type === 'refused' && admission.code === 'unauthorized') {
      const presented = request.presented ?? '';
      const ticket = parseTicketCredential(presented);
      const id = ticket === null ? (parseAgentCredential(presented)?.agent ?? null) : readTicketSubject(ticket);
      const agent = id === null ? null : await store.queries.agentIdentity(id);
      const subject = agent === null ? null : { account: agent.account, object: `agent:${agent.id}` };
      refusals.note({ door: 'agents', remote: request.remote, subject });
    }
    return admission;
  };
}
