import type { Queries, Store } from '../../hub/store/store.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** A store as one process has it: each command and each query is an operation of that process. */
export function guardStore(store: Store, process: SimulatedProcess): Store {
  const queries = new Proxy(store.queries, {
    get:
      (target, name: keyof Queries) =>
      (...given: readonly unknown[]) =>
        process.through(`query ${String(name)}`, () =>
          (target[name] as (...given: readonly unknown[]) => Promise<unknown>)(...given),
        ),
  });
  return {
    storeId: store.storeId,
    startId: store.startId,
    commits: () => store.commits(),
    isOpen: () => store.isOpen(),
    commandsWaiting: () => store.commandsWaiting(),
    apply: (name, input) => process.through(`store ${name}`, () => store.apply(name, input)),
    queries,
    usage: () => store.usage(),
    reclaim: (bytes) => store.reclaim(bytes),
    subscribe: (listener) => store.subscribe((changes) => process.isAlive && listener(changes)),
    [Symbol.asyncDispose]: async () => {},
  };
}
