import type { Executor } from './executor.ts';

/**
 * Stands for an executor that this agent does not have: it starts nothing, and of what an agent that had it started it says that nobody
 * here can know how it ended, or whether it began.
 */
export function createAbsentExecutor(name: string): Executor {
  const obstacle = `this agent has no executor ${JSON.stringify(name)}`;
  const message = `it was given to executor ${JSON.stringify(name)}, which this agent does not have any more: nobody here can say whether it ran`;
  return {
    kind: {
      name,
      capabilities: {
        sharesMachine: false,
        runsAsUser: false,
        limitsOutput: false,
        outlivesBoot: false,
        waitsForPlace: true,
        jobFolder: null,
      },
      keys: null,
      read: () => ({
        templates: [],
        faults: [],
        plan: { prepare: () => ({ type: 'prepared', settings: {} }) },
      }),
    },
    obstacle: () => obstacle,
    onChange: () => () => {},
    start: async () => ({ type: 'failed', fault: 'environment', message: obstacle }),
    inspect: async () => ({ type: 'unreadable', at: null }),
    takeFence: async () => false,
    adopt: async () => null,
    readEnd: async () => ({
      type: 'platform',
      cause: 'process-lost',
      started: 'unknown',
      retrySafe: false,
      message,
      status: null,
      marked: false,
      at: null,
    }),
    findGaps: async () => [{ at: 0, bytes: null, why: 'output-lost' }],
    release: async () => {},
  };
}
