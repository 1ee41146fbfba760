import { describeLogStore } from '../hub/logs/log-contract.ts';
import { createMemoryLogStore, LogDisk } from './memory-log-store.ts';

describeLogStore('memory', async () => {
  const disk = new LogDisk();
  return {
    open: async () =>
      createMemoryLogStore({
        disk,
        through: async (_name, work) => work(),
        flushing: () => new Promise((resolve) => setImmediate(resolve)),
        writing: () => {},
        removing: () => {},
      }),
    [Symbol.asyncDispose]: async () => {},
  };
});
