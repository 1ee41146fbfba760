import type { Automation } from './automation.ts';
import type { AutomationKind } from './automation-kind.ts';
import { type LoadedCatalog, loadCatalog } from './load-catalog.ts';

export interface CatalogLoad extends LoadedCatalog {
  /** What comes with the agent. A name that the folder gives to something else is the folder's. */
  readonly shipped: readonly Automation[];
}

/** Reads the folder, and what comes with the agent beside it; `shipped` null is nothing. Never rejects. */
export async function loadWithShipped(
  folder: string,
  { shipped = null, ...options }: { readonly kinds?: readonly AutomationKind[]; readonly shipped?: string | null },
): Promise<CatalogLoad> {
  const [own, beside] = await Promise.all([
    loadCatalog(folder, options),
    shipped === null ? null : loadCatalog(shipped, { ...options, variable: 'FARHAND_PROBES=shipped' }),
  ]);
  return { ...own, mistakes: [...own.mistakes, ...(beside?.mistakes ?? [])], shipped: beside?.automations ?? [] };
}
