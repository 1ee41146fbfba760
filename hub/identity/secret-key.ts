import { hkdfSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { IdentityError } from './identity-error.ts';
import { createPrivateFile, isReadableByOthers } from './private-file.ts';

/** What the key is used for. Each use has a key of its own, so that none can tell of another. */
export type KeyUse = 'job-secrets' | 'agent-challenges' | 'request-digests' | 'event-places' | 'session-tickets';

/** The hub's one secret: it never leaves the process and is not in the store. */
export interface SecretKey {
  /** 32 bytes, the same for the same use for as long as the key file lives. */
  derive(use: KeyUse): Uint8Array;
}

const keyBytes = 32;

export function createSecretKey(bytes: Uint8Array): SecretKey {
  if (bytes.length !== keyBytes)
    throw new IdentityError('key-invalid', `expected a key of ${keyBytes} bytes, got ${bytes.length}`);
  return { derive: (use) => new Uint8Array(hkdfSync('sha256', bytes, '', `farhand ${use} v1`, keyBytes)) };
}

/**
 * Reads `<folder>/secret-key`, making it at the first start. Whoever loses the file loses the secrets of jobs that wait, and nothing
 * else. Rejects with `IdentityError` (`key-invalid`) or what the file system says.
 */
export async function loadSecretKey(options: {
  readonly folder: string;
  readonly random: Random;
  readonly logger: Logger;
}): Promise<SecretKey> {
  const path = join(options.folder, 'secret-key');
  const fresh = Buffer.from(options.random.bytes(keyBytes)).toString('base64');
  await createPrivateFile(path, `${fresh}\n`, options.random.uuid());
  if (await isReadableByOthers(path)) {
    options.logger.warn({ path }, 'others than the owner may read the secret key; set its mode to 0600');
  }
  const text = (await readFile(path, 'utf8')).trim();
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== keyBytes || bytes.toString('base64') !== text) {
    throw new IdentityError(
      'key-invalid',
      `${path}: expected ${keyBytes} bytes in base64; bring the file back from a backup, or remove it and give up the secrets of waiting jobs`,
    );
  }
  return createSecretKey(bytes);
}
