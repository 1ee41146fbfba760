import type { Automation } from './automation.ts';
import { type LoadedCatalog, type LoadOptions, loadCatalog } from './load-catalog.ts';

export interface CatalogLoad extends LoadedCatalog {
  /** What comes with the agent. A name that the folder gives to something else is the folder's. */
  readonly shipped: readonly Automation[];
}

/** Reads the folder, and what comes with the agent beside it; `shipped` null is nothing. Never rejects. */
export async function loadWithShipped(
  folder: string,
  { shipped = null, ...options }: LoadOptions & { readonly shipped?: string | null },
): Promise<CatalogLoad> {
  const [own, beside] = await Promise.all([
    loadCatalog(folder, options),
    shipped === null ? null : loadCatalog(shipped, { ...options, variable: 'FARHAND_PROBES=shipped' }),
  ]);
  return { ...own, mistakes: [...own.mistakes, ...(beside?.mistakes ?? [])], shipped: beside?.automations ?? [] };
}
