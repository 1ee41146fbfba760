import { createHash } from 'node:crypto';
import type { LogWriter } from '../../hub/logs/log-store.ts';

/** A log that goes to whoever reads an output, and is counted and digested on its way. Nothing of it is kept. */
export function createOutputLog(write: (bytes: Uint8Array) => Promise<void>): LogWriter {
  const hash = createHash('sha256');
  let length = 0;
  let durable = 0;
  let written: Promise<void> = Promise.resolve();
  return {
    get durable() {
      return durable;
    },
    get length() {
      return length;
    },
    append(bytes) {
      hash.update(bytes);
      length += bytes.length;
      written = written.then(async () => {
        await write(bytes);
        durable += bytes.length;
      });
      return written;
    },
    async flush() {
      await written;
      return durable;
    },
    digest: async () => hash.copy().digest('hex'),
    [Symbol.asyncDispose]: () => written,
  };
}
