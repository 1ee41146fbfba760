import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadAgentKey } from '../../agent/agent-key.ts';
import { makeDataFolder, toDataFolder } from '../../agent/data-folder.ts';
import { createAgentCredential } from '../../agent/identity.ts';
import { KeyRotation } from '../../agent/key-rotation.ts';
import { createReportSink } from '../../hub/control/agent-resource.ts';
import { Fleet } from '../../hub/fleet/fleet.ts';
import { createAgentAuthenticator } from '../../hub/identity/agent-authenticator.ts';
import { createSecretKey } from '../../hub/identity/secret-key.ts';
import type { AgentRecord } from '../../hub/store/records.ts';
import { openSqliteStore } from '../../hub/store/sqlite/open-sqlite-store.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type FileSystem, systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { systemRandom } from '../../runtime/random.ts';
import { reportOf } from '../contract/store/scene.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks();

const killed = new Error('killed');

/** Every call of it counts; from the given one on nothing happens any more, as after `kill -9`. */
function createMortalFileSystem(dieAt: number): { readonly fs: FileSystem; readonly calls: () => number } {
  let calls = 0;
  const fs = new Proxy(systemFileSystem, {
    get:
      (target, name: keyof FileSystem) =>
      async (...input: readonly never[]) => {
        if (calls++ >= dieAt) throw killed;
        return (target[name] as (...of: readonly never[]) => unknown)(...input);
      },
  });
  return { fs, calls: () => calls };
}

/** A hub's store with one agent, and that agent's folder. */
async function createPlace() {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'farhand-key-'));
  stack.defer(() => rm(root, { recursive: true }));
  const common = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const store = stack.use(await openSqliteStore({ folder: root, ...common }));
  const secretKey = createSecretKey(new Uint8Array(32).fill(7));
  const authenticate = createAgentAuthenticator({ store, secretKey, ...common });
  const folder = toDataFolder(join(root, 'agent'));
  await makeDataFolder(systemFileSystem, folder);
  const key = await loadAgentKey(systemFileSystem, folder.key);
  const at = Date.now();
  const token = { account: 'default', usesLeft: 1, expiresAt: null, allowedLabels: [], labels: {}, ephemeral: false };
  await store.apply('create-join-token', { token: { ...token, id: 'j' }, hash: 'h', actor: 'hub', at });
  const enrolment = { joinTokenHash: 'h', agentId: systemRandom.orderedUuid(), name: 'a1', publicKey: key.publicKey };
  const enrolled = await store.apply('enrol-agent', { ...enrolment, claimedLabels: {}, at });
  assert.ok('agent' in enrolled);
  const { id } = enrolled.agent;
  const fleet = new Fleet(systemClock);
  const turns = { turn: async () => {} } as never;
  const sink = createReportSink({ store, fleet, agentId: id, clock: systemClock, turns, onReported: () => {} });

  const read = async (): Promise<AgentRecord> => {
    const record = await store.queries.agent(id);
    assert.ok(record !== null);
    return record;
  };
  const disposables = stack.move();
  return {
    store,
    folder,
    key,
    read,
    open: async (fs: FileSystem) =>
      KeyRotation.open({
        fs,
        folder,
        agentId: id,
        current: await loadAgentKey(fs, folder.key),
        logger: silentLogger,
      }),
    ask: () => store.apply('rotate-agent-key', { account: 'default', name: 'a1', actor: 'token:t', at: Date.now() }),
    /** The agent's report comes to the hub. */
    async report(keys: KeyRotation): Promise<void> {
      fleet.put(await read());
      const status = reportOf({ key: keys.told });
      await sink.apply({ id, status } as never);
    },
    /** Dials, and is let in or not. */
    async dial(keys: { sign(text: string): Buffer }): Promise<string> {
      const credential = createAgentCredential(id, keys);
      const target = '/v1/control';
      const present = async (challenge: string | null) =>
        authenticate({
          presented: await credential.present({ target, challenge }),
          target,
          certificate: null,
          remote: '192.0.2.1',
        });
      const first = await present(null);
      assert.ok(first.type === 'challenged');
      return (await present(first.challenge)).type;
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

type Place = Awaited<ReturnType<typeof createPlace>>;

/** Reports and wishes, back and forth, until neither has anything new to say. */
async function converse(place: Place, keys: KeyRotation): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await place.report(keys);
    await keys.wish((await place.read()).desired.replaceKey);
  }
}

async function expectRotated(place: Place, keys: KeyRotation): Promise<void> {
  const record = await place.read();
  assert.equal(await place.dial(keys), 'admitted');
  assert.equal(await place.dial(place.key), 'refused', 'the old key opens nothing any more');
  assert.notEqual(record.publicKey, place.key.publicKey);
  assert.deepEqual([record.nextPublicKey, record.desired.replaceKey], [null, null]);
  assert.deepEqual(
    (await readdir(place.folder.root)).filter((name) => name.startsWith('agent.key')),
    ['agent.key'],
  );
}

describe('the key of an agent', () => {
  it('is another one after it was asked for, and the old one opens nothing any more', async () => {
    await using place = await createPlace();
    const keys = await place.open(systemFileSystem);

    await place.ask();
    await converse(place, keys);

    await expectRotated(place, keys);
    const trail = (await place.store.queries.auditAfter('default', 0, 50)).filter(({ action }) =>
      action.includes('key'),
    );
    assert.deepEqual(
      trail.map(({ action, actor }) => `${action} ${actor.split(':')[0]}`),
      ['agent.key-rotation-asked token', 'agent.key-offered agent', 'agent.key-rotated agent'],
    );
  });

  it('stays while nobody asks for another, whatever an agent offers', async () => {
    await using place = await createPlace();
    const keys = await place.open(systemFileSystem);
    const other = await loadAgentKey(systemFileSystem, `${place.folder.key}.other`);

    await converse(place, keys);
    const { type } = await place.store.apply('offer-agent-key', {
      agentId: (await place.read()).id,
      publicKey: other.publicKey,
      at: Date.now(),
    });

    assert.equal(type, 'ignored');
    assert.deepEqual([await place.dial(keys), await place.dial(other)], ['admitted', 'refused']);
  });

  it('is both of two from when the hub heard of the new one until that was used', async () => {
    await using place = await createPlace();
    const keys = await place.open(systemFileSystem);
    await place.ask();
    await keys.wish((await place.read()).desired.replaceKey);
    await place.report(keys);
    const next = await loadAgentKey(systemFileSystem, place.folder.nextKey);

    const dials = [await place.dial(place.key), await place.dial(next), await place.dial(place.key)];

    assert.deepEqual(dials, ['admitted', 'admitted', 'refused']);
  });

  it('is not taken without the proof that somebody holds it', async () => {
    await using place = await createPlace();
    const keys = await place.open(systemFileSystem);
    await place.ask();
    await keys.wish((await place.read()).desired.replaceKey);
    const { next, fingerprint } = keys.told;
    assert.ok(next !== null);

    const forged = { told: { fingerprint, next: { ...next, proof: Buffer.alloc(64).toString('base64') } } };
    await place.report(forged as KeyRotation);

    assert.equal((await place.read()).nextPublicKey, null);
  });

  it('is one that the hub knows whenever the agent is killed, and another in the end', async () => {
    const whole = createMortalFileSystem(Number.POSITIVE_INFINITY);
    {
      await using place = await createPlace();
      await place.ask();
      await converse(place, await place.open(whole.fs));
    }
    const calls = whole.calls();
    assert.ok(calls > 8, `${calls} calls of the file system`);

    for (let dieAt = 0; dieAt < calls; dieAt++) {
      await using place = await createPlace();
      await place.ask();
      await assert.rejects(async () => converse(place, await place.open(createMortalFileSystem(dieAt).fs)), killed);

      const keys = await place.open(systemFileSystem);
      assert.equal(await place.dial(keys), 'admitted', `killed at call ${dieAt}`);
      await converse(place, keys);

      await expectRotated(place, keys);
    }
  });

  it('is one that the hub knows whichever message was the last', async () => {
    for (let last = 0; last < 8; last++) {
      await using place = await createPlace();
      await place.ask();
      let keys = await place.open(systemFileSystem);
      for (let message = 0; message < last; message++) {
        if (message % 2 === 0) await keys.wish((await place.read()).desired.replaceKey);
        else await place.report(keys);
      }

      keys = await place.open(systemFileSystem);
      assert.equal(await place.dial(keys), 'admitted', `after ${last} messages`);
      await converse(place, keys);

      await expectRotated(place, keys);
    }
  });
});
