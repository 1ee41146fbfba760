import type { Authenticate } from '../../transports/credential.ts';
import { controlTarget } from '../../transports/targets.ts';
import type { AgentPrincipal } from '../identity/agent-principal.ts';
import type { Arrivals } from './arrivals.ts';

/**
 * Puts `arrivals` before `authenticate`: who is told to come back costs neither a signature nor a look into the store. Sessions pass: they belong to
 * jobs that run, and an agent opens them only when it has arrived.
 */
export function admitArrivals(
  authenticate: Authenticate<AgentPrincipal>,
  arrivals: Pick<Arrivals, 'enter' | 'keep'>,
): Authenticate<AgentPrincipal> {
  return async (request) => {
    if (request.target !== controlTarget) return authenticate(request);
    const entry = arrivals.enter();
    if (entry.type === 'full') {
      const message = 'the hub takes no more agents at this moment';
      return { type: 'refused', code: 'unavailable', message, retryAfterMs: entry.comeBackInMs };
    }
    let isKept = false;
    try {
      const admission = await authenticate(request);
      if (admission.type === 'admitted') {
        arrivals.keep(admission.principal.id, entry.place);
        isKept = true;
      }
      return admission;
    } finally {
      if (!isKept) entry.place.leave();
    }
  };
}
