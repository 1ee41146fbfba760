import { randomUUID } from 'node:crypto';
import type { AgentSessionChannel } from '../../transports/session-transport.ts';

type HubFrame = AgentSessionChannel extends AsyncIterable<infer Frame> ? Frame : never;

/** Opens as an agent that has a folder of its own and goes before everybody else, and collects all that the hub says until it hangs up. */
export async function openAndListen(channel: AgentSessionChannel, attempt: string): Promise<readonly HubFrame[]> {
  await channel.send({
    type: 'open',
    attempt,
    leaseEpoch: 1_000_000,
    opens: 1_000_000,
    folderId: randomUUID(),
    have: 'claimed',
    rawBytes: 0,
    needsDocument: true,
    needsSecrets: true,
  });
  const frames: HubFrame[] = [];
  for await (const frame of channel) frames.push(frame);
  return frames;
}
