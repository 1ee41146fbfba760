import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { farhand, startFarhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks({ settleMs: 8_000 });

const args = ['dev', '--listen', '127.0.0.1:0'];

it('farhand dev starts what dies again, and reads automations again when a file changes', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const automations = join(place.path, 'automations');
  await mkdir(automations);
  await writeFile(join(automations, 'one.yaml'), 'kind: command\nrun: [echo, one]\n');
  await using dev = startFarhand(args, { folder: place.path });
  await dev.ready();

  await writeFile(join(automations, 'two.yaml'), 'kind: script\nscript: |\n  echo two\n');
  await dev.said(/automations read again/);
  await untilListed(place.path, 'two');
  const two = await farhand(['run', 'two'], { folder: place.path });
  process.kill(await findChild(dev.pid, 'hub'), 'SIGKILL');
  await dev.said(/hub +\| ended with .*starting it again/);
  const one = await farhand(['run', 'one'], { folder: place.path }).then((ended) =>
    ended.exitCode === 3 ? retryRun(place.path) : ended,
  );

  assert.equal(two.stdout, 'two\n');
  assert.equal(one.stdout, 'one\n');
  dev.kill('SIGTERM');
  assert.equal((await dev.ended).exitCode, 0);
});

it('when farhand dev is killed its hub and its agent leave by themselves', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  await using dev = startFarhand(args, { folder: place.path });
  await dev.ready();
  const children = [await findChild(dev.pid, 'hub'), await findChild(dev.pid, 'agent')];

  dev.kill('SIGKILL');

  while (children.some(isThere)) await delay(20);
  await dev.ended;
});

/** The hub may not be back at once. */
async function retryRun(folder: string): ReturnType<typeof farhand> {
  for (;;) {
    const ended = await farhand(['run', 'one'], { folder });
    if (ended.exitCode !== 3) return ended;
  }
}

async function untilListed(folder: string, automation: string): Promise<void> {
  while (!(await farhand(['automations'], { folder })).stdout.includes(`${automation}\t`)) await delay(50);
}

async function findChild(parent: number, command: 'hub' | 'agent'): Promise<number> {
  const children = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(' ').map(Number);
  for (const child of children) {
    if ((await readFile(`/proc/${child}/cmdline`, 'utf8')).split('\0').includes(command)) return child;
  }
  throw new Error(`expected a ${command} among the children of ${parent}, got ${children.join(', ')}`);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
