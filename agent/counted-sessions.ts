import type { UnknownFrame } from '../protocol/parse-frame.ts';
import type { HubFrame } from '../protocol/session-frame.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AgentSessionChannel, SessionTransport } from '../transports/session-transport.ts';
import { hearSession } from './heard-session.ts';

/** Is told what sessions do. */
export interface SessionCounter {
  sessionOpened(): void;
  /** It could not be opened. */
  sessionFailed(error: unknown): void;
  sessionEnded(tookMs: number): void;
  /** The wire took so much of a stream. */
  logSent(bytes: number): void;
  /** What is on its way without an acknowledgement grew or shrank. */
  inFlightChanged(byBytes: number): void;
}

/** The same transport, with a word about what happens on it. */
export function countSessions(
  transport: SessionTransport,
  { counter, clock }: { readonly counter: SessionCounter; readonly clock: Clock },
): SessionTransport {
  function count(channel: AgentSessionChannel): AgentSessionChannel {
    const openedAt = clock.monotonic();
    let sent = 0;
    let acknowledged = 0;
    let inFlight = 0;
    const update = () => {
      const now = Math.max(0, sent - acknowledged);
      if (now !== inFlight) counter.inFlightChanged(now - inFlight);
      inFlight = now;
    };
    const hear = (frame: HubFrame | UnknownFrame) => {
      if (frame.type === 'job') {
        sent = frame.offset;
        acknowledged = frame.offset;
      } else if (frame.type === 'ack') acknowledged = Math.max(acknowledged, frame.offset);
      else if (frame.type === 'rewind') {
        sent = frame.offset;
        acknowledged = frame.offset;
      } else return;
      update();
    };
    counter.sessionOpened();
    void channel.closed.then(() => {
      sent = acknowledged;
      update();
      counter.sessionEnded(clock.monotonic() - openedAt);
    });
    return {
      ...hearSession(channel, hear),
      async send(frame) {
        await channel.send(frame);
        if (frame.type !== 'log') return;
        counter.logSent(frame.bytes.length);
        sent = frame.offset + frame.bytes.length;
        update();
      },
    };
  }
  return {
    name: transport.name,
    async openSession(target, options) {
      try {
        return count(await transport.openSession(target, options));
      } catch (error) {
        if (!options.signal.aborted) counter.sessionFailed(error);
        throw error;
      }
    },
  };
}
