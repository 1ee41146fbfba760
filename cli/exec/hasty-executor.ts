import { once } from 'node:events';
import type { Execution } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';

/** An executor that from the moment `hurry` aborts leaves no time between TERM and KILL, also to what is being stopped by then. */
export function createHastyExecutor(executor: Executor, hurry: AbortSignal): Executor {
  async function clear(
    execution: Execution,
    bounds: { readonly graceMs: number; readonly boundMs: number },
  ): Promise<{ readonly escaped: number }> {
    const atOnce = () => execution.clear({ ...bounds, graceMs: 0 });
    if (hurry.aborted) return atOnce();
    const over = new AbortController();
    try {
      const hurried = once(hurry, 'abort', { signal: over.signal }).then(atOnce);
      hurried.catch(() => {});
      return await Promise.race([execution.clear(bounds), hurried]);
    } finally {
      over.abort();
    }
  }

  function hasten(execution: Execution): Execution {
    return {
      ended: execution.ended,
      started: execution.started,
      signal: (name) => execution.signal(name),
      clear: (bounds) => clear(execution, bounds),
    };
  }

  return {
    ...executor,
    async start(target, command) {
      const outcome = await executor.start(target, command);
      return outcome.type === 'started' ? { ...outcome, execution: hasten(outcome.execution) } : outcome;
    },
    async adopt(target) {
      const execution = await executor.adopt(target);
      return execution === null ? null : hasten(execution);
    },
  };
}
