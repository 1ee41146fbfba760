import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { ensureAdminToken } from '../../../hub/identity/admin-token.ts';
import { loadSecretKey } from '../../../hub/identity/secret-key.ts';
import { hashToken } from '../../../hub/identity/token-text.ts';
import { openSqliteStore } from '../../../hub/store/sqlite/open-sqlite-store.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { watchFlushes } from '../../support/watch-flushes.ts';

checkLeaks();

async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-identity-'));
  const said: string[] = [];
  const say = (fields: object, message: string) => said.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { ...silentLogger, info: say, warn: say, error: say };
  return { folder, said, logger, random: systemRandom, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const noProc = !existsSync('/proc/self/fd') && 'no /proc here';

describe('the secret key of a hub', () => {
  it('is made once, for its owner only, and is the same from then on', async () => {
    await using place = await makeFolder();

    const keys = await Promise.all(Array.from({ length: 5 }, () => loadSecretKey(place)));
    const later = await loadSecretKey(place);

    assert.equal((await stat(join(place.folder, 'secret-key'))).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(place.folder), ['secret-key']);
    for (const key of keys) assert.deepEqual(key.derive('job-secrets'), later.derive('job-secrets'));
    assert.notDeepEqual(later.derive('job-secrets'), later.derive('agent-challenges'));
    assert.deepEqual(place.said, []);
  });

  it('is on the disk, with its name, before anything is sealed with it', { skip: noProc }, async () => {
    await using place = await makeFolder();
    using flushes = await watchFlushes();

    await loadSecretKey(place);

    const [file = '', folder] = flushes.paths;
    assert.deepEqual([dirname(file), folder, flushes.paths.length], [place.folder, place.folder, 2]);
  });

  it('is not taken when it is none, and complained about when others may read it', async () => {
    await using place = await makeFolder();
    const path = join(place.folder, 'secret-key');
    await loadSecretKey(place);
    await chmod(path, 0o644);

    await loadSecretKey(place);
    await writeFile(path, 'short\n');

    assert.match(place.said.join(), /0600/);
    await assert.rejects(loadSecretKey(place), { name: 'IdentityError', code: 'key-invalid' });
  });
});

describe('the administrator’s token', () => {
  async function withStore<T>(
    place: Awaited<ReturnType<typeof makeFolder>>,
    given: string | null,
    look: (find: (token: string) => Promise<string | null>) => Promise<T>,
    alwaysWrite = false,
  ): Promise<T> {
    await using store = await openSqliteStore({ ...place, logger: silentLogger });
    await ensureAdminToken({ ...place, store, given, alwaysWrite, clock: systemClock });
    return await look(async (token) => (await store.queries.tokenByHash(hashToken(token)))?.role ?? null);
  }
  const readToken = async (folder: string) => (await readFile(join(folder, 'admin-token'), 'utf8')).trim();

  it('is made for an empty store, written for its owner only, and never logged', async () => {
    await using place = await makeFolder();

    await withStore(place, null, async (find) => {
      const token = await readToken(place.folder);
      assert.match(token, /^fhu_/);
      assert.equal(await find(token), 'admin');
      assert.equal((await stat(join(place.folder, 'admin-token'))).mode & 0o777, 0o600);
      assert.doesNotMatch(place.said.join(), /fhu_/);
    });
    const before = await readToken(place.folder);
    await withStore(place, null, async (find) => assert.equal(await find(before), 'admin'));
    assert.equal(await readToken(place.folder), before);
  });

  it('counts only when it is in its file, or nobody would know it', { skip: noProc }, async () => {
    await using place = await makeFolder();
    const path = join(place.folder, 'admin-token');
    await using store = await openSqliteStore({ ...place, logger: silentLogger });
    const options = { ...place, store, given: null, alwaysWrite: false, clock: systemClock };
    await mkdir(path);

    await assert.rejects(ensureAdminToken(options));
    assert.equal(await store.queries.isEmpty(), true);

    await rmdir(path);
    using flushes = await watchFlushes();
    await ensureAdminToken(options);
    assert.deepEqual(flushes.paths, [path, place.folder]);
    assert.equal(await store.queries.isEmpty(), false);
  });

  it('is the given one, on an empty store and on one that is not', async () => {
    await using place = await makeFolder();
    const first = 'a'.repeat(40);

    await withStore(place, first, async (find) => assert.equal(await find(first), 'admin'));
    await withStore(place, first, async (find) => assert.equal(await find(first), 'admin'));
    await withStore(place, 'second-token', async (find) => {
      assert.equal(await find(first), 'admin');
      assert.equal(await find('second-token'), 'admin');
    });

    assert.ok(!(await readdir(place.folder)).includes('admin-token'));
    assert.match(place.said.join(), /is short/);
    assert.doesNotMatch(place.said.join(), /second-token|aaaa/);
  });

  it('is not taken when it could not be sent, or when the store knows it as something less', async () => {
    await using place = await makeFolder();
    for (const given of ['', 'short', 'has a space in it', 'umlaut-ü-umlaut', 'x'.repeat(600)]) {
      await assert.rejects(
        withStore(place, given, async () => {}),
        { name: 'IdentityError', code: 'token-invalid' },
      );
    }
    {
      await using store = await openSqliteStore({ ...place, logger: silentLogger });
      await store.apply('create-token', {
        id: systemRandom.orderedUuid(),
        hash: hashToken('viewer-token'),
        account: 'default',
        role: 'viewer',
        name: '',
        expiresAt: null,
        actor: 'hub',
        at: 0,
      });
    }

    await assert.rejects(
      withStore(place, 'viewer-token', async () => {}),
      /role viewer/,
    );
  });

  it('is not taken again once it was revoked', async () => {
    await using place = await makeFolder();
    const given = 'a'.repeat(40);
    await withStore(place, given, async () => {});
    {
      await using store = await openSqliteStore({ ...place, logger: silentLogger });
      const { id = '' } = (await store.queries.tokenByHash(hashToken(given))) ?? {};
      await store.apply('revoke-token', { id, account: 'default', actor: 'hub', at: 1 });
    }

    await assert.rejects(
      withStore(place, given, async () => {}),
      /FARHAND_ADMIN_TOKEN: this token was revoked; give another one/,
    );
  });

  it('is in its file whenever that is asked for', async () => {
    await using place = await makeFolder();

    await withStore(place, null, async () => {}, true);
    const first = await readToken(place.folder);
    await withStore(place, null, async () => {}, true);
    assert.equal(await readToken(place.folder), first);
    await rm(join(place.folder, 'admin-token'));
    await withStore(
      place,
      null,
      async (find) => assert.equal(await find(await readToken(place.folder)), 'admin'),
      true,
    );
    await withStore(place, 'given-token-given', async () => {}, true);
    assert.equal(await readToken(place.folder), 'given-token-given');
  });
});
