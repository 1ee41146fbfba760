import { readAutomationFile } from '../../agent/automations/automation-file.ts';
import type { AutomationKind } from '../../agent/automations/automation-kind.ts';
import type { Catalog, CatalogSnapshot } from '../../agent/automations/catalog.ts';
import { createFixedCatalog } from '../../agent/automations/fixed-catalog.ts';
import { kubernetesKind } from '../../agent/executors/kubernetes/kubernetes-kind.ts';
import { processKind } from '../../agent/executors/process/process-kind.ts';

/** A kind whose commands exist in the simulation only. */
export const simulatedKind: AutomationKind = {
  name: 'simulated',
  keys: {},
  saidBy: [],
  graceSeconds: null,
  isPortable: true,
  harvest: null,
  read: () => ({
    recipe: { prepare: () => ({ type: 'prepared', argv: ['simulated'], files: [] }) },
    needs: [],
    templates: [],
    faults: [],
  }),
};

export const limitBytes = 3_000;
export const hookTimeoutMs = 6_000;

/** What the oracle has to know of an automation. */
export interface AutomationTerms {
  readonly retrySafe: boolean;
  /** What becomes of output beyond `limitBytes`; null: there is no limit. */
  readonly over: 'fail' | 'gap' | null;
  readonly hasHooks: boolean;
  /** It is handed over to a runner in a pod. */
  readonly inPod: boolean;
}

export const automationTerms = {
  plain: { retrySafe: false, over: null, hasHooks: false, inPod: false },
  safe: { retrySafe: true, over: null, hasHooks: false, inPod: false },
  limited: { retrySafe: false, over: 'fail', hasHooks: false, inPod: false },
  capped: { retrySafe: false, over: 'gap', hasHooks: false, inPod: false },
  hooked: { retrySafe: false, over: null, hasHooks: true, inPod: false },
  careful: { retrySafe: true, over: 'gap', hasHooks: true, inPod: false },
  podded: { retrySafe: false, over: null, hasHooks: false, inPod: true },
  'podded-safe': { retrySafe: true, over: null, hasHooks: false, inPod: true },
  'podded-limited': { retrySafe: false, over: 'fail', hasHooks: false, inPod: true },
} as const satisfies Record<string, AutomationTerms>;

export type AutomationName = keyof typeof automationTerms;

/** Outputs of each automation: a `count`, if there is one, is a whole number. */
const outputs = 'outputs: {properties: {count: {type: integer}}}';

function toText({ retrySafe, over, hasHooks, inPod }: AutomationTerms): string {
  const hooks = ['before', 'after'].map((name) => `${name}: [${name}]\n${name}TimeoutSeconds: ${hookTimeoutMs / 1000}`);
  return [
    'kind: simulated',
    `retrySafe: ${retrySafe}`,
    outputs,
    ...(inPod ? ['executor: kubernetes', 'kubernetes: {image: simulated}'] : []),
    ...(over === null ? [] : [`log: {limitBytes: ${limitBytes}, over: ${over}}`]),
    ...(hasHooks ? hooks : []),
    '',
  ].join('\n');
}

/** What every simulated agent offers. */
export function createSimulatedCatalog(): Catalog {
  const automations = Object.entries(automationTerms).map(([name, terms]) => {
    const read = readAutomationFile(`/automations/${name}.yaml`, toText(terms), {
      kinds: [simulatedKind],
      executors: [processKind, kubernetesKind],
    });
    if (read.type !== 'automation') throw new Error(`expected an automation, got ${JSON.stringify(read)}`);
    return [name, read.automation] as const;
  });
  const current: CatalogSnapshot = { automations: new Map(automations), mistakes: [] };
  return createFixedCatalog([simulatedKind], current);
}
