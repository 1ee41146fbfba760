import { createHash } from 'node:crypto';
import type { Random } from '../../runtime/random.ts';

/** `user`: for the API. `join`: for enrolling agents. The prefix lets scanners for leaked secrets know it. */
export type TokenKind = 'user' | 'join';

const prefixes = { user: 'fhu_', join: 'fhj_' } as const;
const entropyBytes = 32;

/** A new token: 256 bits of chance. Told once, to whoever asked for it; the store gets its hash. */
export function makeToken(kind: TokenKind, random: Random): string {
  return `${prefixes[kind]}${Buffer.from(random.bytes(entropyBytes)).toString('base64url')}`;
}

/**
 * What is stored and looked up, so that neither the store nor the time a look-up takes tells a token. No salt and no slow hash: there is
 * nothing to guess in 256 bits.
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
