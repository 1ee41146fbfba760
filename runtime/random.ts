import { randomBytes, randomUUID } from 'node:crypto';
import { uuidv7 } from 'uuidv7';

/** Chance as a dependency, so that a simulation can replay it. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** A random UUID (version 4). */
  uuid(): string;
  /** An ordered UUID (version 7): ids made later sort later, also within one millisecond. */
  orderedUuid(): string;
  /** Unpredictable bytes, for secrets and nonces. */
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  uuid: () => randomUUID(),
  orderedUuid: () => uuidv7(),
  bytes: (length) => randomBytes(length),
};
