import type { UnknownFrame } from '../../protocol/parse-frame.ts';
import type { HubFrame, OpenFrame } from '../../protocol/session-frame.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { SessionTransport } from '../../transports/session-transport.ts';
import type { SessionTarget } from './watched-sessions.ts';

export interface SentOpen {
  readonly target: SessionTarget;
  readonly frame: OpenFrame;
}

/** So long what was kept back has a connection. */
const staleMs = 1_000;

/** An `open` comes out of its time, from somebody who acts on no answer. Resolves with what the hub said. */
export async function repeatOpen(
  session: SessionTransport,
  { target, frame }: SentOpen,
  clock: Clock,
): Promise<readonly (HubFrame | UnknownFrame)[]> {
  const heard: (HubFrame | UnknownFrame)[] = [];
  const { signal } = new AbortController();
  const channel = await session.openSession(target, { signal }).catch(() => null);
  if (channel === null) return heard;
  await channel.send(frame).catch(() => {});
  clock.schedule(staleMs, () => void channel.close());
  for await (const answer of channel) heard.push(answer);
  return heard;
}
