import { releaseLease as releaseLeaseRow } from '../agent-statements.ts';
import type { CommandInput } from '../command.ts';
import { type Program, run, tell } from '../program.ts';

export function* releaseLease({ agentId, owner, epoch, at }: CommandInput<'release-lease'>): Program<null> {
  const released = yield* run(releaseLeaseRow, { agentId, owner, epoch, at });
  if (released > 0) yield* tell({ type: 'agent', agentId });
  return null;
}
