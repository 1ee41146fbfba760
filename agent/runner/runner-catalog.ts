import { readAutomationFile } from '../automations/automation-file.ts';
import type { AutomationKind } from '../automations/automation-kind.ts';
import type { Catalog, CatalogSnapshot } from '../automations/catalog.ts';
import { createFixedCatalog } from '../automations/fixed-catalog.ts';
import { builtInKinds } from '../automations/kinds/kinds.ts';
import { builtInExecutors } from '../executors/built-in-executors.ts';
import { neighbourKind } from '../executors/neighbour/neighbour-kind.ts';

/**
 * The one automation that the agent gave, read as what the neighbour can do, whichever executor it names, and under the name by which the agent
 * offers it: the file may say none.
 */
export function readRunnerCatalog(
  { path, text }: { readonly path: string; readonly text: string },
  { name, kinds = builtInKinds }: { readonly name: string; readonly kinds?: readonly AutomationKind[] },
): Catalog {
  const { capabilities } = neighbourKind;
  const executors = builtInExecutors.map((kind) => ({ ...kind, capabilities }));
  const read = readAutomationFile(path, text, { kinds, executors });
  const snapshot: CatalogSnapshot =
    read.type === 'broken'
      ? { automations: new Map(), mistakes: read.mistakes }
      : { automations: new Map([[name, { ...read.automation, name }]]), mistakes: [] };
  return createFixedCatalog(kinds, snapshot);
}
