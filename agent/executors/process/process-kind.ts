import type { ExecutorKind } from '../executor-kind.ts';

/** Processes of this machine: what runs an automation that names no executor. */
export const processKind: ExecutorKind = {
  name: 'process',
  capabilities: {
    sharesMachine: true,
    runsAsUser: true,
    limitsOutput: true,
    outlivesBoot: false,
    waitsForPlace: false,
    jobFolder: null,
  },
  keys: null,
  read: () => ({ templates: [], faults: [], plan: { prepare: () => ({ type: 'prepared', settings: {} }) } }),
};
