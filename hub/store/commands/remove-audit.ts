import { defaultAccount } from '../../account.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { all, type Program, run } from '../program.ts';
import { deleteAuditThrough, readOldestAudit, updateAuditRemovedThrough } from '../retention-statements.ts';
import { writeAudit } from '../write-audit.ts';

/** What one command removes at most, so that no commit takes long. */
const limit = 500;

/** From the oldest on, without a hole: where the clock once went back, the later event waits for its neighbour. */
export function* removeAudit({ before, at }: CommandInput<'remove-audit'>): Program<CommandResult<'remove-audit'>> {
  const oldest = yield* all(readOldestAudit, { limit });
  const kept = oldest.findIndex((event) => event.at >= before);
  const removed = kept === -1 ? oldest : oldest.slice(0, kept);
  const sequence = removed.at(-1)?.sequence;
  if (sequence === undefined) return { events: 0 };
  yield* run(deleteAuditThrough, { sequence });
  yield* run(updateAuditRemovedThrough, { sequence });
  yield* writeAudit({
    at,
    account: defaultAccount,
    actor: 'hub',
    action: 'retention.audit-removed',
    object: `account:${defaultAccount}`,
    data: { events: removed.length, through: sequence },
  });
  return { events: removed.length };
}
