import type { Automation } from './automation.ts';
import type { CatalogMistake } from './catalog-mistake.ts';

/** What the folder held when it was last read. Never changes. */
export interface CatalogSnapshot {
  readonly automations: ReadonlyMap<string, Automation>;
  readonly mistakes: readonly CatalogMistake[];
}

/** The automations this agent offers. */
export interface Catalog {
  readonly current: CatalogSnapshot;
  /** Reads the folder again. A file that is broken now keeps its last good version, and its mistakes are shown. Never rejects. */
  reload(): Promise<CatalogSnapshot>;
  /** Calls `listener` after every reload that changed something; answers how to stop that. */
  onChange(listener: (snapshot: CatalogSnapshot) => void): () => void;
}

/** Reads the folder and answers its catalog; mistakes are data, so it never rejects. */
export async function openCatalog(_folder: string): Promise<Catalog> {
  throw new Error('not yet');
}
