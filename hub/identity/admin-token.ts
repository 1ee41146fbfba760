import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Random } from '../../runtime/random.ts';
import { configuredTokenName, defaultAccount } from '../account.ts';
import type { Store } from '../store/store.ts';
import { IdentityError } from './identity-error.ts';
import { replacePrivateFile } from './private-file.ts';
import { hashToken, makeToken } from './token-text.ts';

export interface AdminTokenOptions {
  readonly store: Store;
  /** Where `admin-token` is written. */
  readonly folder: string;
  /** `FARHAND_ADMIN_TOKEN`. */
  readonly given: string | null;
  /** See to it that the file holds a token that works, as `farhand dev` does: also when one was given, or the file was lost. */
  readonly alwaysWrite: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const givenPattern = /^[\x21-\x7e]{8,512}$/;
/** Below this somebody who has the store may guess the token from its hash. */
const strongLength = 32;

/**
 * Sees to it that somebody can get in. A given token is an administrator's from then on, whether the store is empty or not, unless the
 * store knows it as something less: then it throws. Without one, an empty store gets a new token, written to `<folder>/admin-token` (0600)
 * before it counts, so that a crash in between leaves no token that nobody knows. No token is ever logged.
 * Rejects with `IdentityError` (`token-invalid`), `StoreError`, or what the file system says.
 */
export async function ensureAdminToken(options: AdminTokenOptions): Promise<void> {
  const { store, folder, given, alwaysWrite, random, logger } = options;
  const path = join(folder, 'admin-token');
  if (given !== null) {
    await ensureGivenToken(options, given);
    if (alwaysWrite) await replacePrivateFile(path, `${given}\n`);
    return;
  }
  const isNeeded = alwaysWrite ? !(await holdsAdminToken(store, path)) : await store.queries.isEmpty();
  if (!isNeeded) return;
  const token = makeToken('user', random);
  await replacePrivateFile(path, `${token}\n`);
  await createAdminToken(options, token, 'administrator');
  logger.info({ path }, 'administrator token written');
}

async function holdsAdminToken(store: Store, path: string): Promise<boolean> {
  const token = await readFile(path, 'utf8').catch(() => null);
  return token !== null && (await store.queries.tokenByHash(hashToken(token.trim())))?.role === 'admin';
}

async function ensureGivenToken(options: AdminTokenOptions, token: string): Promise<void> {
  if (!givenPattern.test(token)) {
    throw new IdentityError(
      'token-invalid',
      'FARHAND_ADMIN_TOKEN: expected 8 to 512 visible ASCII characters without spaces',
    );
  }
  const known = await options.store.queries.tokenByHash(hashToken(token));
  if (known === null && (await options.store.queries.anyToken(hashToken(token))) !== null) {
    throw new IdentityError('token-invalid', 'FARHAND_ADMIN_TOKEN: this token was revoked; give another one');
  }
  if (known === null) {
    if (token.length < strongLength) {
      options.logger.warn(
        { expected: strongLength },
        'FARHAND_ADMIN_TOKEN is short; take a random one of at least 32 characters',
      );
    }
    await createAdminToken(options, token, configuredTokenName);
    options.logger.info({}, 'administrator token added from the configuration');
    return;
  }
  if (known.role !== 'admin' || known.expiresAt !== null) {
    throw new IdentityError(
      'token-invalid',
      `FARHAND_ADMIN_TOKEN: the store knows this token with the role ${known.role}${known.expiresAt === null ? '' : ' and an end'}; give another one`,
    );
  }
}

async function createAdminToken(
  { store, clock, random }: AdminTokenOptions,
  token: string,
  name: string,
): Promise<void> {
  await store.apply('create-token', {
    id: random.orderedUuid(),
    hash: hashToken(token),
    account: defaultAccount,
    role: 'admin',
    name,
    expiresAt: null,
    actor: 'hub',
    at: clock.now(),
  });
}
