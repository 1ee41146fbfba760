import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { SecretKey } from './secret-key.ts';

/** What the hub hands out to be signed. It keeps nothing of it: any hub with the same key knows its own challenges again. */
export interface Challenges {
  issue(): string;
  /** Whether it is one of ours and its time is not over. May be asked as often as one likes. */
  isValid(challenge: string): boolean;
}

const expiryBytes = 6;
const chanceBytes = 12;
const headBytes = expiryBytes + chanceBytes;
const sealBytes = 16;

/** Base64url of: expiry (milliseconds since 1970), chance, and the start of an HMAC-SHA256 over both. */
export function createChallenges(options: {
  readonly secretKey: SecretKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly lifeMs?: number;
}): Challenges {
  const { clock, random, lifeMs = 10 * 60_000 } = options;
  const key = options.secretKey.derive('agent-challenges');
  const seal = (head: Uint8Array) => createHmac('sha256', key).update(head).digest().subarray(0, sealBytes);

  return {
    issue() {
      const head = Buffer.alloc(headBytes);
      head.writeUIntBE(clock.now() + lifeMs, 0, expiryBytes);
      head.set(random.bytes(chanceBytes), expiryBytes);
      return Buffer.concat([head, seal(head)]).toString('base64url');
    },

    isValid(challenge) {
      const bytes = Buffer.from(challenge, 'base64url');
      if (bytes.length !== headBytes + sealBytes) return false;
      const head = bytes.subarray(0, headBytes);
      if (!timingSafeEqual(seal(head), bytes.subarray(headBytes))) return false;
      return head.readUIntBE(0, expiryBytes) > clock.now();
    },
  };
}
