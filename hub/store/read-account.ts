import { readLogBytes, readQuotas } from './account-statements.ts';
import { first, type Program } from './program.ts';
import { noQuotas, toQuotas } from './quotas-row.ts';
import type { AccountRecord } from './records.ts';

/** Of an account that nobody named yet, too. */
export function* readAccount(name: string): Program<AccountRecord> {
  const row = yield* first(readQuotas, { account: name });
  const logs = yield* first(readLogBytes, { account: name });
  const quotas = row === null ? noQuotas : toQuotas(row);
  return { name, version: row?.version ?? 0, quotas, logBytes: logs?.bytes ?? 0 };
}
