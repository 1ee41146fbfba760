import type { Authenticate } from '../../transports/credential.ts';
import { controlTarget } from '../../transports/targets.ts';
import type { AgentPrincipal } from '../identity/agent-principal.ts';

const retryAfterMs = 5_000;

/** Sends away whom `authenticate` admits to another session while they have too many on which nothing is served. */
export function admitSessions(
  authenticate: Authenticate<AgentPrincipal>,
  sessions: { hasRoom(agentId: string): boolean },
): Authenticate<AgentPrincipal> {
  return async (request) => {
    const admission = await authenticate(request);
    if (admission.type !== 'admitted' || request.target === controlTarget) return admission;
    if (sessions.hasRoom(admission.principal.id)) return admission;
    const message = 'this agent has too many sessions on which it opened nothing';
    return { type: 'refused', code: 'unavailable', message, retryAfterMs };
  };
}
