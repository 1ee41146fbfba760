import type { AgentSessionChannel, SessionTransport } from '../../transports/session-transport.ts';
import { TransportError } from '../../transports/transport-error.ts';
import { hearSession } from '../heard-session.ts';

/** Is told whether sessions come to something. */
export interface SessionWatcher {
  /** The hub said something on it. */
  answered(): void;
  /** It could not be opened, or it broke before the hub said anything. A hub that asked for patience is no failure. */
  failed(): void;
}

/** The same transport, with a word about whether its sessions are of use. */
export function watchSessions(transport: SessionTransport, watcher: SessionWatcher): SessionTransport {
  function watch(channel: AgentSessionChannel): AgentSessionChannel {
    let isAnswered = false;
    void channel.closed.then((reason) => {
      if (!isAnswered && reason.type === 'failure' && reason.error.retryAfterMs === null) watcher.failed();
    });
    return hearSession(channel, () => {
      if (!isAnswered) watcher.answered();
      isAnswered = true;
    });
  }
  return {
    name: transport.name,
    async openSession(target, options) {
      try {
        return watch(await transport.openSession(target, options));
      } catch (error) {
        const asksForPatience = error instanceof TransportError && error.retryAfterMs !== null;
        if (!options.signal.aborted && !asksForPatience) watcher.failed();
        throw error;
      }
    },
  };
}
