import type { AutomationKind } from './automation-kind.ts';
import type { Catalog, CatalogSnapshot } from './catalog.ts';

/** A catalog that stays what it is. */
export function createFixedCatalog(kinds: readonly AutomationKind[], current: CatalogSnapshot): Catalog {
  return {
    kinds,
    current,
    reload: async () => current,
    holdsMistakes: false,
    onChange: () => () => {},
  };
}
