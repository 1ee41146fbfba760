import { Quotas } from '../../protocol/account.ts';
import { parseJson } from '../../protocol/parse.ts';

/** Nothing was set: what the hub's configuration says holds. */
export const noQuotas: Quotas = { queuedJobs: null, runningJobs: null, logBytes: null };

export function toQuotas({ quotas }: { readonly quotas: string }): Quotas {
  return parseJson(Quotas, Buffer.from(quotas), 'quotas');
}
