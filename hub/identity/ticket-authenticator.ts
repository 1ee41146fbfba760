import type { Logger } from '../../runtime/logger.ts';
import type { Admission, Authenticate } from '../../transports/credential.ts';
import { parseTarget } from '../../transports/targets.ts';
import type { Store } from '../store/store.ts';
import type { AgentPrincipal } from './agent-principal.ts';
import { parseTicketCredential } from './ticket-credential.ts';
import type { Tickets } from './tickets.ts';

export interface TicketAuthenticatorOptions {
  readonly tickets: Pick<Tickets, 'read'>;
  readonly store: Pick<Store, 'queries'>;
  readonly logger: Logger;
}

/** The store may be back by then. */
const retryAfterMs = 5_000;
/** For whatever is wrong with a ticket: why is in the hub's log. */
const message = 'this ticket does not open this session';

/**
 * Admits runners to the sessions of the attempt that their ticket is for, in the place of its agent; asks `authenticate` about everybody
 * else. A ticket that is over is good for going on alone: where a runner came in time, and only that one is let in by its folder.
 */
export function admitTickets(
  authenticate: Authenticate<AgentPrincipal>,
  options: TicketAuthenticatorOptions,
): Authenticate<AgentPrincipal> {
  const { tickets, store, logger } = options;

  async function judge(text: string, target: string, remote: string): Promise<Admission<AgentPrincipal>> {
    const refuse = (why: string, agent?: string): Admission<AgentPrincipal> => {
      logger.info({ remote, target, why, agent }, 'ticket refused');
      return { type: 'refused', code: 'unauthorized', message, retryAfterMs: null };
    };
    const asked = parseTarget(target);
    if (asked?.type !== 'session') return refuse('not a session');
    const reading = await tickets.read(text, asked.attempt);
    if (reading.type === 'invalid') return refuse(reading.why);
    const { ticket } = reading;
    const agent = await store.queries.agentIdentity(ticket.agentId);
    if (agent === null) return refuse('agent unknown');
    const { id, account, name } = agent;
    if (agent.revokedAt !== null) return refuse('agent revoked', id);
    if (ticket.isOver) {
      const attempt = await store.queries.attempt(asked.attempt);
      const isGoingOn = attempt !== null && (attempt.state === 'ended' || (attempt.handover?.runner ?? null) !== null);
      if (!isGoingOn) return refuse('expired', id);
    }
    return { type: 'admitted', principal: { id, account, name, ticket } };
  }

  return async (request) => {
    const text = parseTicketCredential(request.presented ?? '');
    if (text === null) return authenticate(request);
    try {
      return await judge(text, request.target, request.remote);
    } catch (err) {
      logger.error({ err, target: request.target }, 'ticket could not be judged');
      return { type: 'refused', code: 'unavailable', message: 'the hub cannot judge a ticket now', retryAfterMs };
    }
  };
}
