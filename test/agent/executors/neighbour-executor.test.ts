import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openNeighbourPipes } from '../../../agent/executors/neighbour/neighbour-pipes.ts';
import { toNeighbourPlace } from '../../../agent/executors/neighbour/neighbour-place.ts';
import { podPrograms, preparePod } from '../../../agent/runner/prepare-pod.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { readExit } from '../../support/read-exit.ts';
import { createNeighbourPod, type NeighbourPod, openNeighbourExecutor } from './neighbour-pod.ts';
import { eventually, nearlyForever } from './process-place.ts';

checkLeaks();

/** How a wrapper ends that started nothing; dash has a status of its own where the fence is taken. */
const unbegun = new Set<unknown>([125, 2]);
const bounds = { graceMs: 10_000, boundMs: 20_000 };

/** Until the command has printed this. */
async function waitFor(pod: NeighbourPod, text: string): Promise<void> {
  await eventually(async () => (await pod.output()).includes(text), `the command to print ${text}`);
}

describe('a command in the container beside', () => {
  it('gets its variables as they are and nothing of the wrapper, and tells its end to the agent and to the platform', async () => {
    await using pod = await createNeighbourPod();
    const word = 'it\'s "$HOME" `x`\n\\ done';
    const neighbour = pod.come();

    const execution = await pod.start('printf "%s|" "$WORD" "$PWD"; env; exit 3', { WORD: word });
    await execution.ended;

    const output = await pod.output();
    assert.ok(output.startsWith(`${word}|/tmp|`), output);
    assert.match(output, /^FARHAND_ATTEMPT_ID=attempt-1$/m);
    assert.doesNotMatch(output, /farhand_/);
    assert.notEqual(await execution.started, null);
    assert.deepEqual(await readExit(pod.executor, pod.target), { status: 3, marked: false });
    assert.equal(await neighbour.ended, 'SIGKILL');
    assert.equal(await pod.lastWords(), 'farhand: ended 3\n');
  });

  it('leaves no secret on the disk that both share', async () => {
    await using pod = await createNeighbourPod();
    await pod.start('true', { PASSWORD: 'hunter2-secret' });

    const names = await readdir(pod.folders.shared, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));

    assert.ok(files.length > 0);
    assert.equal(
      texts.some((text) => text.includes('hunter2-secret')),
      false,
    );
    assert.match(await readFile(join(pod.folders.memory, 'go'), 'utf8'), /hunter2-secret/);
  });

  it('is started when the container comes, however late that is', async () => {
    await using pod = await createNeighbourPod();
    const execution = await pod.start('echo ran');
    assert.deepEqual(await pod.executor.inspect(pod.target), { type: 'none' });

    pod.come();
    await execution.ended;

    assert.equal(await pod.output(), 'ran\n');
  });

  it('is not started once the fence was taken', async () => {
    await using pod = await createNeighbourPod();
    const execution = await pod.start('echo never');

    assert.equal(await pod.executor.takeFence(pod.target), true);
    const neighbour = pod.come();
    await execution.ended;

    assert.equal(await execution.started, null);
    assert.ok(unbegun.has(await neighbour.ended));
    assert.deepEqual([await pod.output(), await pod.executor.readEnd(pod.target)], ['', null]);
    assert.equal(await pod.executor.adopt(pod.target), null);
  });

  it('is not run where an intent was there first', async () => {
    await using pod = await createNeighbourPod();
    await writeFile(join(pod.target.folder, 'intent.json'), '{}');
    pod.come();

    const execution = await pod.start('echo never');
    await execution.ended;

    assert.equal(await pod.output(), '');
    assert.deepEqual(await readExit(pod.executor, pod.target), { status: 143, marked: true });
  });

  it('ends with a mark when an intent was there by then', async () => {
    await using pod = await createNeighbourPod();
    pod.come();
    const execution = await pod.start(`trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done`);
    await waitFor(pod, 'ready');

    await writeFile(join(pod.target.folder, 'intent.json'), '{}');
    await execution.signal('SIGTERM');
    await execution.ended;

    assert.deepEqual(await readExit(pod.executor, pod.target), { status: 7, marked: true });
    // Here it is not the first process of a container, and hears what it tells the others.
    assert.match(await pod.lastWords(), /^farhand: ended 7 i( t)?\n$/);
  });

  it('is told first and killed after the grace, with all of its tree', async () => {
    await using pod = await createNeighbourPod();
    const neighbour = pod.come();
    const script = `trap 'echo told' TERM; (trap '' TERM; exec sleep ${nearlyForever}) & echo ready; while :; do sleep 0.05 || :; done`;
    const execution = await pod.start(script);
    await waitFor(pod, 'ready');

    assert.deepEqual(await execution.clear({ graceMs: 300, boundMs: 20_000 }), { escaped: 0 });

    await execution.ended;
    assert.match(await pod.output(), /told/);
    assert.equal(await neighbour.ended, 'SIGKILL');
    assert.equal(await pod.executor.readEnd(pod.target), null);
  });

  it('that ends when it is told is not killed', async () => {
    await using pod = await createNeighbourPod();
    pod.come();
    const execution = await pod.start(`trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done`);
    await waitFor(pod, 'ready');
    await writeFile(join(pod.target.folder, 'intent.json'), '{}');

    assert.deepEqual(await execution.clear(bounds), { escaped: 0 });

    assert.deepEqual(await readExit(pod.executor, pod.target), { status: 5, marked: true });
  });

  it('says of a TERM to its container that the platform ended it, and ends as it likes', async () => {
    await using pod = await createNeighbourPod();
    const neighbour = pod.come();
    const execution = await pod.start(`trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done`);
    await waitFor(pod, 'ready');

    process.kill(neighbour.pid, 'SIGTERM');
    await execution.ended;
    await neighbour.ended;

    const end = await pod.executor.readEnd(pod.target);
    assert.ok(end?.type === 'platform' && end.cause === 'process-lost' && end.status === 5);
    assert.equal(await pod.lastWords(), 'farhand: ended 5 t\n');
  });

  for (const place of ['farhand_count\nfarhand_before', '(\n  trap - TERM']) {
    it(`is not run when its container was told to end before there was one: at ${JSON.stringify(place)}`, async () => {
      await using pod = await createNeighbourPod();
      const neighbour = pod.come((text) => {
        assert.equal(text.split(place).length, 2);
        return text.replace(place, () => `kill -s TERM "$$"\n${place}`);
      });

      const execution = await pod.start('echo never');
      await execution.ended;
      await neighbour.ended;

      assert.equal(await pod.output(), '');
      const end = await pod.executor.readEnd(pod.target);
      assert.ok(end?.type === 'platform' && end.cause === 'process-lost' && end.status === 143);
      assert.equal(await pod.lastWords(), 'farhand: ended 143 t\n');
    });
  }

  it('is over when its container was killed, and what it left in a session of its own does not make it seem alive', async () => {
    await using pod = await createNeighbourPod();
    const neighbour = pod.come();
    const execution = await pod.start(`setsid sleep ${nearlyForever} & echo "left $!"; wait`);
    const left = await eventually(async () => /left (\d+)/.exec(await pod.output())?.[1] ?? null, 'what is left');

    process.kill(-neighbour.pid, 'SIGKILL');
    await execution.ended;

    assert.notEqual(await execution.started, null);
    assert.equal(await pod.executor.readEnd(pod.target), null);
    const fence = await pod.executor.inspect(pod.target);
    assert.ok(fence.type === 'started' && !fence.alive);
    assert.equal(await pod.executor.adopt(pod.target), null);
    process.kill(Number(left), 'SIGKILL');
  });

  it('is watched further by another runner', async () => {
    await using pod = await createNeighbourPod();
    pod.come();
    const execution = await pod.start('echo ready; sleep 0.3; exit 6');
    await waitFor(pod, 'ready');
    let isOver = false;
    void execution.ended.then(() => (isOver = true));
    pod.executor[Symbol.dispose]();
    const place = toNeighbourPlace(pod.folders);
    using next = openNeighbourExecutor(place);

    const adopted = (await next.adopt(pod.target)) ?? assert.fail('expected the command to live');
    await adopted.ended;
    await delay(20);

    assert.deepEqual(await readExit(next, pod.target), { status: 6, marked: false });
    assert.equal(isOver, false);
  });
});

describe('the container beside', () => {
  it('ends when it is sent away, whether it is there already or comes later', async () => {
    await using early = await createNeighbourPod();
    await using late = await createNeighbourPod();
    const waiting = early.come();
    await eventually(async () => (await readdir(early.folders.shared)).includes('here'), 'the wrapper to be there');

    for (const { executor, target } of [early, late]) await executor.release(target);
    // What was said to nobody is lost with the runner.
    late.executor[Symbol.dispose]();

    assert.equal(await waiting.ended, 125);
    assert.equal(await late.come().ended, 125);
  });

  it('ends when what it waits for is stopped, and nothing was run', async () => {
    await using pod = await createNeighbourPod();
    const execution = await pod.start('echo never');
    assert.equal(await pod.executor.takeFence(pod.target), true);

    assert.deepEqual(await execution.clear({ graceMs: 0, boundMs: 5_000 }), { escaped: 0 });

    assert.ok(unbegun.has(await pod.come().ended));
    assert.equal(await pod.output(), '');
  });

  it('that waits is nothing to watch once the fence was taken', async () => {
    await using pod = await createNeighbourPod();
    pod.come();
    await eventually(async () => (await readdir(pod.folders.shared)).includes('here'), 'the wrapper to be there');

    assert.equal(await pod.executor.takeFence(pod.target), true);

    assert.equal(await pod.executor.adopt(pod.target), null);
  });

  it('that nobody waits for any more never starts the command', async () => {
    await using pod = await createNeighbourPod();
    const execution = await pod.start('echo never');

    pod.executor.giveUpStart();
    await execution.ended;

    assert.equal(await execution.started, null);
    assert.deepEqual(await pod.executor.inspect(pod.target), { type: 'recovered' });
    assert.ok(unbegun.has(await pod.come().ended));
    assert.equal(await pod.output(), '');
  });

  it('that has begun is not given up', async () => {
    await using pod = await createNeighbourPod();
    pod.come();
    const execution = await pod.start('echo ready; sleep 0.3; echo done');
    await waitFor(pod, 'ready');

    pod.executor.giveUpStart();
    await execution.ended;

    assert.equal(await pod.output(), 'ready\ndone\n');
  });

  it('need not read what it is told: orders that find the pipe full are dropped', async () => {
    await using pod = await createNeighbourPod();
    using pipes = openNeighbourPipes(toNeighbourPlace(pod.folders));

    for (let count = 0; count < 20_000; count += 1) pipes.order('term');

    assert.equal(pipes.isAlive(), false);
  });
});

describe('what the containers of a pod share', () => {
  it('lets both write and nobody remove what is another’s, and is as it was when it is made once more', async () => {
    await using pod = await createNeighbourPod();
    const { shared } = pod.folders;
    const modeOf = async (path: string) => ((await stat(join(shared, path))).mode & 0o7777).toString(8);
    await writeFile(join(shared, 'here'), '');
    await writeFile(join(pod.target.folder, 'started'), '1 2\n');

    preparePod({ ...pod.folders, shell: null });

    assert.deepEqual(await Promise.all(['attempts', 'orders', 'alive', podPrograms.wrapper].map(modeOf)), [
      '3770',
      '660',
      '660',
      '550',
    ]);
    const names = await readdir(shared);
    assert.equal(names.includes('here'), false);
    assert.equal(await readFile(join(pod.target.folder, 'started'), 'utf8'), '1 2\n');
  });
});
