import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import type { SecretKey } from '../identity/secret-key.ts';

const cipher = 'aes-256-ecb';
const accountBytes = 8;
const idPattern = /^[\w-]{22}$/;

/**
 * Places in the audit as they are told: one block of AES over the account and the number. All accounts share one sequence, and whoever saw its numbers
 * could count what others do. They cannot be put in order, and mean nothing to another account or hub.
 */
export class EventPlaces {
  readonly #key: Uint8Array;

  constructor(secretKey: SecretKey) {
    this.#key = secretKey.derive('event-places');
  }

  toId(account: string, sequence: number): string {
    const block = Buffer.alloc(16);
    block.set(toMark(account));
    block.writeBigUInt64BE(BigInt(sequence), accountBytes);
    const sealing = createCipheriv(cipher, this.#key, null).setAutoPadding(false);
    return Buffer.concat([sealing.update(block), sealing.final()]).toString('base64url');
  }

  /** Null for what this hub never told this account. */
  fromId(account: string, id: string): number | null {
    if (!idPattern.test(id)) return null;
    const opening = createDecipheriv(cipher, this.#key, null).setAutoPadding(false);
    const block = Buffer.concat([opening.update(Buffer.from(id, 'base64url')), opening.final()]);
    if (!block.subarray(0, accountBytes).equals(toMark(account))) return null;
    return Number(block.readBigUInt64BE(accountBytes));
  }
}

function toMark(account: string): Buffer {
  return createHash('sha256').update(account).digest().subarray(0, accountBytes);
}
