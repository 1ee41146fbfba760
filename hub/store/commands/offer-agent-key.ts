import { toKeyFingerprint } from '../../../runtime/key-fingerprint.ts';
import { toDesired } from '../agent-row.ts';
import { readAgent } from '../agent-statements.ts';
import { changeAgentKey, tellOfAgentKey } from '../change-agent-key.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program } from '../program.ts';

/**
 * The agent has made another key, and proved that it holds it. Both open from here on: whether it hears that is not known. Only where it was asked for, so that
 * nobody who got hold of a channel puts a key of their own in its place.
 */
export function* offerAgentKey({
  agentId,
  publicKey,
  at,
}: CommandInput<'offer-agent-key'>): Program<CommandResult<'offer-agent-key'>> {
  const agent = yield* first(readAgent, { id: agentId });
  if (agent === null || agent.revoked_at !== null) return { type: 'ignored' };
  const old = toKeyFingerprint(agent.public_key);
  const accepted = toKeyFingerprint(publicKey);
  if (toDesired(agent).replaceKey?.old !== old || accepted === old) return { type: 'ignored' };
  if (agent.next_public_key === publicKey) return { type: 'accepted' };
  const offered = yield* changeAgentKey(agent, { next_public_key: publicKey }, { old, accepted });
  yield* tellOfAgentKey(offered, {
    actor: `agent:${agentId}`,
    action: 'agent.key-offered',
    data: { key: accepted },
    at,
  });
  return { type: 'accepted' };
}
