import { readQuotas, writeQuotas } from '../account-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run, tell } from '../program.ts';
import { noQuotas, toQuotas } from '../quotas-row.ts';
import { writeAudit } from '../write-audit.ts';

export function* setQuotas({
  account,
  quotas,
  ifVersion,
  actor,
  at,
}: CommandInput<'set-quotas'>): Program<CommandResult<'set-quotas'>> {
  const row = yield* first(readQuotas, { account });
  const version = row?.version ?? 0;
  if (ifVersion !== null && ifVersion !== version) return { type: 'stale', version };
  const before = row === null ? noQuotas : toQuotas(row);
  yield* run(writeQuotas, { account, version: version + 1, quotas: JSON.stringify(quotas) });
  yield* writeAudit({
    at,
    account,
    actor,
    action: 'account.quotas-set',
    object: `account:${account}`,
    data: { before, after: quotas },
  });
  yield* tell({ type: 'quotas', account, quotas });
  return { type: 'set', version: version + 1 };
}
