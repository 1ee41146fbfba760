import type { Automation } from './automation.ts';
import type { CatalogMistake } from './catalog-mistake.ts';

/** Reads every `*.yaml` and `*.yml` of a folder. A file with a mistake does not stop the others. Never rejects. */
export async function loadCatalog(
  _folder: string,
): Promise<{ readonly automations: readonly Automation[]; readonly mistakes: readonly CatalogMistake[] }> {
  throw new Error('not yet');
}
