import { type Catalog, openCatalog } from '../automations/catalog.ts';
import { builtInExecutors } from '../executors/built-in-executors.ts';
import { neighbourKind } from '../executors/neighbour/neighbour-kind.ts';

/** The one automation that the agent gave, read as what the neighbour can do, whichever executor it names. Never rejects. */
export function openRunnerCatalog(folder: string): Promise<Catalog> {
  const { capabilities } = neighbourKind;
  const executors = builtInExecutors.map((kind) => ({ ...kind, capabilities }));
  return openCatalog(folder, { executors, variable: null });
}
