import type { ExecutorKind } from '../executor-kind.ts';

/** The container beside a runner. No automation names it: whatever an automation names, the runner's own agent chose, and this runs. */
export const neighbourKind: ExecutorKind = {
  name: 'neighbour',
  capabilities: {
    sharesMachine: false,
    runsAsUser: false,
    limitsOutput: false,
    outlivesBoot: false,
    waitsForPlace: false,
    jobFolder: null,
  },
  keys: null,
  read: () => ({ templates: [], faults: [], plan: { prepare: () => ({ type: 'prepared', settings: {} }) } }),
};
