import { readAgent, releaseLease as releaseLeaseRow } from '../agent-statements.ts';
import type { CommandInput } from '../command.ts';
import { first, type Program, run, tell } from '../program.ts';
import { writeAudit } from '../write-audit.ts';

export function* releaseLease({ agentId, owner, epoch, at }: CommandInput<'release-lease'>): Program<null> {
  const released = yield* run(releaseLeaseRow, { agentId, owner, epoch, at });
  if (released === 0) return null;
  yield* tell({ type: 'agent', agentId });
  const agent = yield* first(readAgent, { id: agentId });
  if (agent === null) return null;
  yield* writeAudit({
    at,
    account: agent.account,
    actor: `agent:${agentId}`,
    action: 'agent.offline',
    object: `agent:${agentId}`,
    data: { name: agent.name },
  });
  return null;
}
