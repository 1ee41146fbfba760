import { toKeyFingerprint } from '../../../runtime/key-fingerprint.ts';
import { readAgent } from '../agent-statements.ts';
import { changeAgentKey, tellOfAgentKey } from '../change-agent-key.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program } from '../program.ts';

/** The new key was used, or the agent says that it has it for good: the old one opens nothing from here on. */
export function* adoptAgentKey({
  agentId,
  fingerprint,
  remote = null,
  at,
}: CommandInput<'adopt-agent-key'>): Program<CommandResult<'adopt-agent-key'>> {
  const agent = yield* first(readAgent, { id: agentId });
  const next = agent?.next_public_key ?? null;
  if (agent === null || next === null || agent.revoked_at !== null) return { type: 'ignored' };
  if (toKeyFingerprint(next) !== fingerprint) return { type: 'ignored' };
  const before = { key: toKeyFingerprint(agent.public_key) };
  const adopted = yield* changeAgentKey(agent, { public_key: next, next_public_key: null }, null);
  yield* tellOfAgentKey(adopted, {
    actor: { name: `agent:${agentId}`, requestId: null, remote },
    action: 'agent.key-rotated',
    data: { before, after: { key: fingerprint } },
    at,
  });
  return { type: 'adopted' };
}
