import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultSpoolLimits } from '../../agent/attempts/spool.ts';
import { type FileSystem, systemFileSystem } from '../../runtime/file-system.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

/** The disk, but for calls that fail as `refuse` says: with the code it answers. */
function brokenDisk(refuse: (call: 'open' | 'remove' | 'syncFolder', path: string) => string | null): FileSystem {
  const check = (call: 'open' | 'remove' | 'syncFolder', path: string) => {
    const code = refuse(call, path);
    if (code !== null) throw Object.assign(new Error(`refused: ${code}`), { code });
  };
  return {
    ...systemFileSystem,
    open: async (path, flags, mode) => {
      check('open', path);
      return systemFileSystem.open(path, flags, mode);
    },
    remove: async (path) => {
      check('remove', path);
      return systemFileSystem.remove(path);
    },
    syncFolder: async (path) => {
      check('syncFolder', path);
      return systemFileSystem.syncFolder(path);
    },
  };
}

test('A log that could not be opened for a while arrives all the same', async () => {
  await using place = await createAgentPlace();
  let refusals = 0;
  const fileSystem = brokenDisk((call, path) => {
    // The first one makes the file.
    if (call !== 'open' || !path.endsWith('/raw') || !existsSync(path)) return null;
    refusals += 1;
    return refusals <= 3 ? 'EMFILE' : null;
  });
  const agent = await place.start({ fileSystem });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  const result = await place.hub.result(id);

  assert.ok(refusals > 3);
  assert.equal(result.outcome, 'succeeded');
  assert.equal(place.hub.log(id).toString(), 'hello\n');
  await place.hub.until(() => agent.status().attempts.length === 0, 'the folder to be freed');
});

test('A step that fails while its folder is there is taken again: nothing is lost, and what was accepted counts once', async () => {
  await using place = await createAgentPlace();
  const failed = new Set<string>();
  const failOnce = (name: string) => {
    if (failed.has(name)) return null;
    failed.add(name);
    return 'EIO';
  };
  const fileSystem = brokenDisk((call, path) => {
    if (call === 'open' && path.endsWith('/intent.json.part')) return failOnce('intent');
    if (call === 'open' && path.endsWith('/result.json')) return failOnce('result');
    return call === 'remove' && path.includes('/.removed-') ? failOnce('removal') : null;
  });
  const agent = await place.start({ fileSystem });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('never')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');

  await place.hub.cancel(id);
  const result = await place.hub.result(id);
  await place.hub.until(() => agent.status().attempts.length === 0, 'the folder to be freed');

  assert.equal(result.outcome, 'cancelled');
  assert.deepEqual([...failed], ['intent', 'result', 'removal']);
  assert.equal(agent.status().counts.ended.cancelled, 1);
});

test('An agent whose disk is full delivers what it has to a hub that went on meanwhile', async () => {
  await using place = await createAgentPlace();
  let isFull = false;
  const fileSystem = brokenDisk((call, path) =>
    call === 'open' && isFull && path.endsWith('/hub.json.part') ? 'ENOSPC' : null,
  );
  await place.start({ fileSystem });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo one; ${waitFor('go')}; echo two` } });
  await place.hub.until(() => place.hub.get(id).bytes === 4, 'the first line');

  isFull = true;
  place.hub.commits += 1;
  await place.hub.cutControl();
  await place.hub.session(id)?.close();
  await place.open('go');

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('A claim that could neither be written nor removed takes no slot, and its offer is declined', async () => {
  await using place = await createAgentPlace();
  let isBroken = true;
  const fileSystem = brokenDisk((call, path) => {
    if (!isBroken) return null;
    if (call === 'syncFolder' && path.endsWith('/attempts')) return 'EMFILE';
    return call === 'remove' && path.includes('.removed-') ? 'EMFILE' : null;
  });
  const agent = await place.start({ fileSystem });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  await place.hub.until(() => place.hub.report(id)?.phase === 'declined', 'a decline');
  isBroken = false;
  await place.hub.until(() => agent.status().attempts.length === 0, 'the attempt to be let go of');

  assert.equal(place.hub.report(id)?.reason, 'failed');
  assert.deepEqual(agent.status().slots, { total: 4, used: 0 });
  const next = place.hub.offer({ automation: 'sh', parameters: { run: 'echo next' } });
  assert.equal((await place.hub.result(next)).outcome, 'succeeded');
});

test('A job that still prints when the disk is full is stopped', async () => {
  await using place = await createAgentPlace();
  let isFull = false;
  await place.start({ freeBytes: () => (isFull ? 0 : 1e9) });
  const run = `echo up; ${waitFor('go')}; echo more; ${waitFor('never')}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');

  isFull = true;
  await place.open('go');

  const { outcome, cause } = await place.hub.result(id);
  assert.deepEqual([outcome, cause], ['failed', 'spool-full']);
});

test('A job that printed on a full disk has no whole log, though there was room again when it ended', async () => {
  await using place = await createAgentPlace();
  let fills: string | null = null;
  const isFull = () => fills !== null && !existsSync(join(place.attemptFolder(fills), 'intent.json'));
  await place.start({ freeBytes: () => (isFull() ? 0 : 1e9) });
  const run = `echo up; ${waitFor('go')}; echo more; ${waitFor('never')}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');

  fills = id;
  await place.open('go');

  const { cause, log } = await place.hub.result(id);
  assert.deepEqual([cause, log.complete, log.gaps.map(({ why }) => why)], ['spool-full', false, ['spool-full']]);
});

test('A log that finds no room when it is made durable is not whole, and its job has not succeeded', async () => {
  await using place = await createAgentPlace();
  let isRefused = false;
  const fileSystem: FileSystem = {
    ...systemFileSystem,
    open: async (path, flags, mode) => {
      const file = await systemFileSystem.open(path, flags, mode);
      if (!path.endsWith('/raw')) return file;
      const sync = async () => {
        if (isRefused) return file.sync();
        isRefused = true;
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      };
      return { ...file, sync };
    },
  };
  await place.start({ fileSystem });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });

  const { outcome, cause, log } = await place.hub.result(id);
  assert.deepEqual([isRefused, outcome, cause, log.complete], [true, 'failed', 'spool-full', false]);
  assert.equal(place.hub.log(id).toString(), 'hello\n');
});

test('A running job is cancelled on a full disk, with the room that was kept for that', async () => {
  await using place = await createAgentPlace();
  const reserve = join(place.data, 'reserve');
  let isFull = false;
  const fileSystem = brokenDisk((call, path) => {
    const isRefused = isFull && call === 'open' && path.endsWith('/intent.json.part');
    return isRefused && statSync(reserve).size === defaultSpoolLimits.reserveBytes ? 'ENOSPC' : null;
  });
  await place.start({ fileSystem });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('never')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');

  isFull = true;
  await place.hub.cancel(id);

  assert.equal((await place.hub.result(id)).outcome, 'cancelled');
});
