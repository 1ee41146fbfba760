import { renewLease } from '../agent-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { type Program, run } from '../program.ts';

export function* renewLeases({
  owner,
  leases,
  expiresAt,
  at,
}: CommandInput<'renew-leases'>): Program<CommandResult<'renew-leases'>> {
  const gone: string[] = [];
  for (const { agentId, epoch } of leases) {
    const renewed = yield* run(renewLease, { agentId, owner, epoch, expiresAt, at });
    if (renewed === 0) gone.push(agentId);
  }
  return { gone };
}
