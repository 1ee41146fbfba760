import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { readExit } from '../../support/read-exit.ts';
import { createNeighbourPod, type NeighbourPod } from './neighbour-pod.ts';
import { eventually } from './process-place.ts';

checkLeaks();

const skip = process.getuid?.() === 0 ? false : 'a process namespace is for root to make';
const script = 'sleep 600 & while [ ! -e enough ]; do sleep 0.05; done; echo end; exit 3';

/** The wrapper, which is the first process of its namespace. */
function findFirst(launcher: number): number {
  return Number(readFileSync(`/proc/${launcher}/task/${launcher}/children`, 'utf8').trim());
}

/** Its children: what the command left is one of them by then, for its parent is gone. */
function namesBelow(first: number): readonly string[] {
  const children = readFileSync(`/proc/${first}/task/${first}/children`, 'utf8').trim().split(' ');
  return children.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    } catch {
      return 'gone';
    }
  });
}

async function isEnough({ folders }: NeighbourPod): Promise<void> {
  await writeFile(join(folders.memory, 'enough'), '');
}

function startIn(pod: NeighbourPod) {
  return pod.start(`cd ${pod.folders.memory}; ${script}`);
}

describe('a container whose command has ended', { skip }, () => {
  it('stays until the runner wants nothing more, and nothing of the command does', async () => {
    await using pod = await createNeighbourPod();
    const neighbour = pod.comeAsContainer();
    const execution = await startIn(pod);
    await isEnough(pod);

    await execution.ended;
    const exit = await readExit(pod.executor, pod.target);
    const wasGone = pod.executor.isGone();
    const first = findFirst(neighbour.pid);
    await eventually(
      async () => namesBelow(first).every((name) => name !== 'sleep'),
      'what the command left to be gone',
    );
    await pod.executor.release(pod.target);

    assert.deepEqual([exit, wasGone], [{ status: 3, marked: false }, true]);
    assert.equal(await neighbour.ended, 3);
    assert.equal(await pod.lastWords(), 'farhand: ended 3\n');
  });

  it('does not wait for ever for a runner that cannot come back', async () => {
    await using pod = await createNeighbourPod();
    const neighbour = pod.comeAsContainer({
      shell: 'bash',
      change: (text) => {
        assert.match(text, / -t 90000|'-t 90000'/);
        return text.replace('-t 90000', '-t 1');
      },
    });
    const execution = await startIn(pod);
    await isEnough(pod);

    await execution.ended;

    assert.equal(await neighbour.ended, 3);
  });

  it('ends when the platform tells it to, as the command ended', async () => {
    await using pod = await createNeighbourPod();
    const neighbour = pod.comeAsContainer();
    const execution = await startIn(pod);
    await isEnough(pod);
    await execution.ended;

    process.kill(findFirst(neighbour.pid), 'SIGTERM');

    assert.equal(await neighbour.ended, 3);
    assert.equal(await pod.lastWords(), 'farhand: ended 3\n');
  });

  it('ends at once where the runner wants nothing more by then, or the platform has told it', async () => {
    for (const how of ['released', 'told'] as const) {
      await using pod = await createNeighbourPod();
      const neighbour = pod.comeAsContainer();
      const execution = await pod.start(`cd ${pod.folders.memory}; trap '' TERM; echo ready; ${script}`);
      await eventually(async () => (await pod.output()).includes('ready'), 'the command to be ready');
      if (how === 'released') await pod.executor.release(pod.target);
      else process.kill(findFirst(neighbour.pid), 'SIGTERM');
      await isEnough(pod);

      await execution.ended;

      assert.equal(await neighbour.ended, 3, how);
      assert.equal(await pod.lastWords(), how === 'told' ? 'farhand: ended 3 t\n' : 'farhand: ended 3\n');
    }
  });
});
