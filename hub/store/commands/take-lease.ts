import { readAgent, readLease, upsertLease } from '../agent-statements.ts';
import { readHighestSessionEpoch } from '../attempt-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run, tell } from '../program.ts';
import { readAgentRecord } from '../read-agent-record.ts';
import { writeAudit } from '../write-audit.ts';

/**
 * The new epoch is also above those of all sessions of the agent's open attempts: after a restore the lease may be older than
 * they are, and an agent that counts from below would be told `session-replaced` for ever.
 */
export function* takeLease({
  agentId,
  owner,
  expiresAt,
  remote = null,
  at,
}: CommandInput<'take-lease'>): Program<CommandResult<'take-lease'>> {
  const agent = yield* first(readAgent, { id: agentId });
  if (agent === null || agent.revoked_at !== null) return { type: 'unknown' };
  const lease = yield* first(readLease, { agentId });
  const sessions = yield* first(readHighestSessionEpoch, { agentId });
  const epoch = Math.max(lease?.epoch ?? 0, sessions?.epoch ?? 0) + 1;
  yield* run(upsertLease, { agent_id: agentId, owner, epoch, expires_at: expiresAt, last_seen_at: at });
  yield* tell({ type: 'agent', agentId });
  // A channel that replaces another, or a hub that came back in time, is no news.
  if (lease === null || lease.owner === null || lease.expires_at <= at) {
    yield* writeAudit({
      at,
      account: agent.account,
      actor: { name: `agent:${agentId}`, requestId: null, remote },
      action: 'agent.online',
      object: `agent:${agentId}`,
      data: { name: agent.name },
    });
  }
  return { type: 'taken', epoch, agent: yield* readAgentRecord(agent) };
}
