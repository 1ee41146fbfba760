import type { JobLogTarget } from './job-log-target.ts';

/** Standard output of this process. `hand` resolves when the system has all of the bytes, and rejects when nobody reads them any more. */
export function createOutputTarget(hand: (bytes: Uint8Array) => Promise<void>): JobLogTarget {
  return {
    place: 'stdout',
    prepare: async () => {},
    async write(bytes) {
      await hand(bytes);
      return bytes.length;
    },
    reopen: () => {},
    close: async () => {},
  };
}
