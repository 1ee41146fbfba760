import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { toDataFolder } from '../../agent/data-folder.ts';
import { type HubGuard, openHubGuard, requestTrust } from '../../agent/hub-guard.ts';
import type { HubHello } from '../../protocol/hello.ts';
import { type FileSystem, systemFileSystem } from '../../runtime/file-system.ts';
import { until } from '../support/until.ts';

const ids = {
  store: 'a0000000-0000-4000-8000-000000000000',
  start: 'b0000000-0000-4000-8000-000000000000',
  next: 'c0000000-0000-4000-8000-000000000000',
} as const;

function helloOf(change: Partial<HubHello>): HubHello {
  return {
    hub: 'hub',
    version: '0.0.0',
    storeId: ids.store,
    startId: ids.start,
    commitsOfSeen: null,
    commits: 10,
    leaseEpoch: 1,
    agent: { id: ids.store, name: 'a1', account: 'default' },
    protocols: [1],
    leaving: null,
    ...change,
  };
}

async function createBench() {
  const root = await mkdtemp(join(tmpdir(), 'farhand-guard-'));
  const folder = toDataFolder(root);
  return {
    open: (fileSystem: FileSystem = systemFileSystem) => openHubGuard(fileSystem, folder),
    trust: () => requestTrust(systemFileSystem, folder),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, maxRetries: 5 }),
  };
}

/** A new channel: the agent says what it has seen, and the hub answers. */
async function greet(guard: HubGuard, hello: Partial<HubHello>): Promise<'trusted' | 'changed'> {
  return (await guard.judge(helloOf(hello), { first: true, named: guard.seen })).type;
}

async function tellLater(guard: HubGuard, hello: Partial<HubHello>): Promise<'trusted' | 'changed'> {
  return (await guard.judge(helloOf(hello), { first: false, named: null })).type;
}

describe('the guard of an agent', () => {
  it('trusts a hub that starts again and has all that was seen of the start before', async () => {
    await using bench = await createBench();
    const guard = await bench.open();
    await greet(guard, {});

    const verdict = await greet(guard, { startId: ids.next, commitsOfSeen: 10, commits: 12, leaseEpoch: 2 });

    assert.equal(verdict, 'trusted');
    assert.deepEqual(guard.seen, { storeId: ids.store, startId: ids.next, commits: 12, leaseEpoch: 2 });
  });

  for (const [what, commitsOfSeen] of [
    ['never had the start that was seen', null],
    ['had less of it', 9],
  ] as const) {
    it(`distrusts a hub that ${what}, however many commits it has`, async () => {
      await using bench = await createBench();
      const guard = await bench.open();
      await greet(guard, {});
      const copy = { startId: ids.next, commitsOfSeen, leaseEpoch: 2 };

      const first = await greet(guard, { ...copy, commits: 1_000 });
      const later = await tellLater(guard, { ...copy, commits: 1_001 });
      const again = await greet(await bench.open(), { ...copy, commits: 2_000, leaseEpoch: 3 });

      assert.deepEqual([first, later, again], ['changed', 'changed', 'changed']);
      assert.deepEqual(guard.seen, { storeId: ids.store, startId: ids.start, commits: 10, leaseEpoch: 1 });
    });
  }

  it('distrusts a hub whose lease is not above all that was seen, whatever it says of starts', async () => {
    await using bench = await createBench();
    const guard = await bench.open();
    await greet(guard, {});
    const next = { startId: ids.next, commitsOfSeen: 10, commits: 12 };

    assert.equal(await greet(guard, { ...next, leaseEpoch: 1 }), 'changed');
    assert.equal(await greet(guard, { ...next, leaseEpoch: 2 }), 'trusted');
  });

  it('takes no word for it that was given while there was nothing to distrust, and each word once', async () => {
    await using bench = await createBench();
    const guard = await bench.open();
    await greet(guard, {});
    await bench.trust();
    await greet(guard, { storeId: ids.next, leaseEpoch: 2 });
    assert.equal(await guard.takeTrust(), false);

    await bench.trust();

    assert.deepEqual([await guard.takeTrust(), await guard.takeTrust()], [true, false]);
  });

  it('has seen no store that the disk did not take', async () => {
    await using bench = await createBench();
    let isFull = true;
    const guard = await bench.open({
      ...systemFileSystem,
      async open(path, flags, mode) {
        if (isFull && flags !== 'r') throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        return systemFileSystem.open(path, flags, mode);
      },
    });

    await assert.rejects(greet(guard, {}), { code: 'ENOSPC' });
    const before = guard.seen;
    isFull = false;

    assert.equal(await greet(guard, {}), 'trusted');
    assert.deepEqual([before, guard.seen?.commits], [null, 10]);
  });

  it('trusts a hub again that has the newer store back, without a word', async () => {
    await using bench = await createBench();
    const guard = await bench.open();
    await greet(guard, {});
    await greet(guard, { startId: ids.next, commits: 9, leaseEpoch: 2 });

    assert.equal(await greet(guard, { startId: ids.next, commitsOfSeen: 10, commits: 11, leaseEpoch: 2 }), 'trusted');
  });

  it('takes what it is told as it is once somebody trusts the hub', async () => {
    await using bench = await createBench();
    const guard = await bench.open();
    await greet(guard, {});
    await greet(guard, { startId: ids.next, commits: 9, leaseEpoch: 2 });

    await bench.trust();
    const taken = await guard.takeTrust();

    assert.equal(taken, true);
    assert.deepEqual(guard.seen, { storeId: ids.store, startId: ids.next, commits: 9, leaseEpoch: 2 });
    assert.equal(await greet(guard, { startId: ids.next, commitsOfSeen: 9, commits: 9, leaseEpoch: 3 }), 'trusted');
  });

  it('keeps what a session told, also for the next process, and takes an older hello of the same start for no harm', async () => {
    await using bench = await createBench();
    const guard = await bench.open();
    await greet(guard, {});

    guard.heard({ storeId: ids.store, startId: ids.start, commits: 15 });
    const verdict = await tellLater(guard, { commits: 12 });

    assert.equal(verdict, 'trusted');
    assert.equal(guard.seen?.commits, 15);
    await until('the disk to have it', async () => (await bench.open()).seen?.commits === 15);
    guard.heard({ storeId: ids.store, startId: ids.start, commits: 16 });
    await until('the disk to have that too', async () => (await bench.open()).seen?.commits === 16);
    assert.equal(await greet(guard, { startId: ids.next, commitsOfSeen: 14, commits: 20, leaseEpoch: 2 }), 'changed');
  });

  it('passes over what a session tells of a start that no hello told of', async () => {
    await using bench = await createBench();
    const guard = await bench.open();
    await greet(guard, {});

    guard.heard({ storeId: ids.store, startId: ids.next, commits: 15 });
    guard.heard({ storeId: ids.next, startId: ids.start, commits: 15 });

    assert.equal(guard.seen?.commits, 10);
  });

  it('goes by counts where a hub of an earlier version tells of no starts', async () => {
    await using bench = await createBench();
    const guard = await bench.open();
    const earlier = { startId: null };
    await greet(guard, { ...earlier, commits: 10 });

    const more = await greet(guard, { ...earlier, commits: 11, leaseEpoch: 2 });
    const fewer = await greet(guard, { ...earlier, commits: 10, leaseEpoch: 3 });
    const grown = await greet(guard, { ...earlier, commits: 50, leaseEpoch: 4 });

    assert.deepEqual([more, fewer, grown], ['trusted', 'changed', 'changed']);
  });
});
