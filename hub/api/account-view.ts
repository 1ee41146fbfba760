import type { Account } from '../../protocol/account.ts';
import type { AccountQuotas } from '../quotas/account-quotas.ts';
import type { AccountRecord } from '../store/records.ts';
import type { HubView } from './hub-view.ts';

export function toAccount(
  { name, version, quotas, logBytes }: AccountRecord,
  parts: { readonly hubView: Pick<HubView, 'queued' | 'running'>; readonly quotas: AccountQuotas },
): Account {
  const { queuedJobs, runningJobs, logBytes: maxLogBytes } = parts.quotas.of(name);
  return {
    name,
    usage: { queuedJobs: parts.hubView.queued(name), runningJobs: parts.hubView.running(name), logBytes },
    limits: {
      queuedJobs: orNull(queuedJobs),
      runningJobs: orNull(runningJobs),
      logBytes: orNull(maxLogBytes),
    },
    quotas,
    version,
  };
}

function orNull(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null;
}
