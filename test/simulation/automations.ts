import { readAutomationFile } from '../../agent/automations/automation-file.ts';
import type { AutomationKind } from '../../agent/automations/automation-kind.ts';
import type { Catalog, CatalogSnapshot } from '../../agent/automations/catalog.ts';

/** A kind whose commands exist in the simulation only. Its outputs come from no file: files of jobs are read beside the port of the disk. */
const simulatedKind: AutomationKind = {
  name: 'simulated',
  keys: {},
  saidBy: [],
  graceSeconds: null,
  harvest: {
    outputFiles: [],
    outputsOnFailure: false,
    toOutputs: () => ({ done: true }),
    failureFiles: [],
    explain: () => null,
  },
  read: () => ({
    recipe: { prepare: () => ({ type: 'prepared', argv: ['simulated'], files: [] }) },
    needs: [],
    templates: [],
    faults: [],
  }),
};

export const limitBytes = 3_000;

const files: Readonly<Record<string, string>> = {
  plain: 'kind: simulated\n',
  safe: 'kind: simulated\nretrySafe: true\n',
  limited: `kind: simulated\nlog: {limitBytes: ${limitBytes}}\n`,
};

export type AutomationName = 'plain' | 'safe' | 'limited';

/** What every simulated agent offers. */
export function createSimulatedCatalog(): Catalog {
  const automations = Object.entries(files).map(([name, text]) => {
    const read = readAutomationFile(`/automations/${name}.yaml`, text, [simulatedKind]);
    if (read.type !== 'automation') throw new Error(`expected an automation, got ${JSON.stringify(read)}`);
    return [name, read.automation] as const;
  });
  const current: CatalogSnapshot = { automations: new Map(automations), mistakes: [] };
  return {
    kinds: [simulatedKind],
    current,
    reload: async () => current,
    holdsMistakes: false,
    onChange: () => () => {},
  };
}
