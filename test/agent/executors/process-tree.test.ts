import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Executor } from '../../../agent/executors/executor.ts';
import { createProcessExecutor } from '../../../agent/executors/process/process-executor.ts';
import { readProcessStatus } from '../../../agent/executors/process/process-status.ts';
import { createProcessTable, type ProcessTable } from '../../../agent/executors/process/process-table.ts';
import { createProcessTree } from '../../../agent/executors/process/process-tree.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { enoughToStart, limitDescriptors } from '../../support/descriptor-limit.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { readExit } from '../../support/read-exit.ts';
import {
  atOnce,
  createExecutor,
  createProcessPlaces,
  eventually,
  nearlyForever,
  readPid,
  startCommand,
  toCommand,
} from './process-place.ts';

const places = await createProcessPlaces();
after(() => places.remove());

const respawner = fileURLToPath(new URL('../../support/fixtures/respawner.sh', import.meta.url));
const leavingAgent = fileURLToPath(new URL('../../support/fixtures/leaving-agent.ts', import.meta.url));

/** Runs `task` while this process can open nothing. */
async function withoutDescriptors<T>(task: () => Promise<T>): Promise<T> {
  const taken: number[] = [];
  using _ = limitDescriptors(process.pid, enoughToStart);
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    return await task();
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
  }
}

function isRunning(pid: number): boolean {
  return readProcessStatus(pid)?.alive === true;
}

describe('the tree of a process', () => {
  let executor: Executor & AsyncDisposable;

  beforeEach(() => {
    executor = createExecutor();
  });
  checkLeaks();
  afterEach(() => executor[Symbol.asyncDispose]());

  it('holds a child in a session of its own, after the command has ended', async () => {
    const place = await places.create();
    const execution = await startCommand(executor, place, toCommand(`setsid sleep ${nearlyForever} & echo "child $!"`));
    const child = await readPid(place, 'child');
    await execution.ended;
    await eventually(() => readProcessStatus(child)?.session === child, 'the child to leave the session');

    assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });

    assert.equal(isRunning(child), false);
  });

  for (const [what, hook, beside] of [
    ['a hook before it left', '', 'before'],
    ['the command left for which a hook runs', 'after', 'started'],
  ] as const)
    it(`holds also what ${what}, which is older`, async () => {
      const place = await places.create();
      const { attempt } = place.target;
      const folder = join(place.target.folder, hook);
      await mkdir(join(place.target.folder, beside));
      await mkdir(folder, { recursive: true });
      const env = { PATH: '/usr/bin:/bin', FARHAND_ATTEMPT_ID: attempt };
      const older = spawn('sleep', [nearlyForever], { env, stdio: 'ignore' });
      const gone = new Promise((resolve) => older.once('exit', resolve));
      // Ids tell who is younger for a short time alone: here none passes.
      const clock = { ...systemClock, monotonic: () => 0 };
      await using still = createProcessExecutor({ fileSystem: systemFileSystem, clock, logger: silentLogger });
      const execution = await startCommand(still, { ...place, target: { attempt, folder } }, toCommand('exit 0'));
      await execution.ended;
      assert.notEqual(await execution.started, null);

      assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });

      await gone;
    });

  it('holds a child that wiped its environment, while it is in the group', async () => {
    const place = await places.create();
    const script = `env -i /bin/sleep ${nearlyForever} & echo "child $!"`;
    const execution = await startCommand(executor, place, toCommand(script));
    const child = await readPid(place, 'child');
    await execution.ended;

    assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });

    assert.equal(isRunning(child), false);
  });

  it('is told all at once, also who wiped its environment, while the wrapper lives', async () => {
    const place = await places.create();
    const script = `trap '' TERM; (trap - TERM; exec env -i /bin/sleep ${nearlyForever}) & echo "child $!"; wait; wait; sleep ${nearlyForever}`;
    const execution = await startCommand(executor, place, toCommand(script));
    const child = await readPid(place, 'child');
    await eventually(() => readProcessStatus(child)?.environmentBytes === 0, 'the child to wipe its environment');

    await execution.signal('SIGTERM');

    await eventually(() => !isRunning(child), 'the child to end');
    const fence = await executor.inspect(place.target);
    assert.ok(fence.type === 'started' && fence.alive);
    assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });
  });

  it('is not called gone by one who has no descriptor left to look', async () => {
    const table = createProcessTable({ clock: systemClock });

    const settled = await withoutDescriptors(async () => {
      assert.throws(() => readProcessStatus(process.pid), { code: 'EMFILE' });
      return (await table.find({ attempt: 'any', since: null })).settled;
    });

    assert.equal(settled, false);
  });

  for (const [what, find] of [
    ['could not be proved', async () => ({ pids: [], sinks: new Set<number>(), settled: false })],
    ['could not be looked for', () => Promise.reject(new Error('too many open files'))],
  ] as const)
    it(`counts as one that escaped where its end ${what}`, async () => {
      const table: ProcessTable = { find, listGroup: () => [] };

      const tree = createProcessTree({ attempt: 'any', leader: null, since: () => null, table, clock: systemClock });

      assert.deepEqual(await tree.clear({ graceMs: 0, boundMs: 20 }), { escaped: 1 });
    });

  it('is told once: some programs take a second TERM for "at once"', async () => {
    const place = await places.create();
    const script = `trap 'echo told' TERM; echo ready; while :; do sleep 0.02 || :; done`;
    const execution = await startCommand(executor, place, toCommand(script));
    await eventually(async () => (await place.readOutput()).includes('ready'), 'the command to run');

    assert.deepEqual(await execution.clear({ graceMs: 500, boundMs: 20_000 }), { escaped: 0 });

    assert.equal((await place.readOutput()).toString().match(/told/g)?.length, 1);
  });

  for (const [what, script, bounds, expected] of [
    ['is let to its end', 'sleep 0.3; exit 7', { graceMs: 0, boundMs: 20_000 }, 7],
    ['that does not come to its end is killed', `exec sleep ${nearlyForever}`, { graceMs: 0, boundMs: 200 }, 'SIGKILL'],
  ] as const)
    it(`has a sink, which ${what}`, async () => {
      const sink = spawn('sh', ['-c', script], { stdio: 'ignore' });
      const gone = new Promise((resolve) => sink.once('exit', (code, signal) => resolve(code ?? signal)));
      const pid = sink.pid ?? assert.fail('expected a process');
      const table: ProcessTable = {
        async find({ onSight }) {
          if (!isRunning(pid)) return { pids: [], sinks: new Set(), settled: true };
          onSight?.(pid, true);
          return { pids: [pid], sinks: new Set([pid]), settled: true };
        },
        listGroup: () => [],
      };

      const tree = createProcessTree({ attempt: 'any', leader: null, since: () => null, table, clock: systemClock });

      assert.deepEqual(await tree.clear(bounds), { escaped: 0 });
      assert.equal(await gone, expected);
    });

  it('does not see one that wiped its environment and left the group: without a cgroup nothing tells whose it is', async () => {
    const place = await places.create();
    const script = `setsid env -i /bin/sleep ${nearlyForever} & echo "child $!"`;
    const execution = await startCommand(executor, place, toCommand(script));
    const child = await readPid(place, 'child');
    await execution.ended;
    await eventually(() => readProcessStatus(child)?.environmentBytes === 0, 'the child to wipe its environment');

    assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });

    assert.equal(isRunning(child), true);
    process.kill(child, 'SIGKILL');
    await eventually(() => !isRunning(child), 'the child to end');
  });

  it('dies also when it replaces itself without pause, each time in a new session', async () => {
    const place = await places.create();
    const execution = await startCommand(executor, place, toCommand(`exec ${respawner} 3000`));
    await execution.ended;

    assert.deepEqual(await execution.clear({ graceMs: 20, boundMs: 20_000 }), { escaped: 0 });

    const table = createProcessTable({ clock: systemClock });
    assert.deepEqual(await table.find({ attempt: place.target.attempt, since: null }), {
      pids: [],
      sinks: new Set(),
      settled: true,
    });
  });

  it('dies also when it is broad and deep', async () => {
    const place = await places.create();
    const script = `fork() { [ "$1" -eq 0 ] && exec sleep ${nearlyForever}; for i in 1 2 3; do fork $(($1 - 1)) & done; wait; }; fork 4`;
    const execution = await startCommand(executor, place, toCommand(script));
    const table = createProcessTable({ clock: systemClock });
    await eventually(
      async () => (await table.find({ attempt: place.target.attempt, since: null })).pids.length > 80,
      'many processes',
    );

    assert.deepEqual(await execution.clear({ graceMs: 100, boundMs: 20_000 }), { escaped: 0 });

    await execution.ended;
  });

  it('says 137 when the command alone was killed', async () => {
    const place = await places.create();
    const execution = await startCommand(executor, place, toCommand(`echo "command $$"; exec sleep ${nearlyForever}`));

    process.kill(await readPid(place, 'command'), 'SIGKILL');
    await execution.ended;

    assert.deepEqual(await readExit(executor, place.target), { status: 137, marked: false });
    assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });
  });

  it('does not count zombies, which stay where nobody reaps', async () => {
    const attempt = `zombie-${process.pid}`;
    const script = `FARHAND_ATTEMPT_ID=${attempt} sleep 0.05 & echo $!; exec sleep ${nearlyForever}`;
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = new Promise((resolve) => parent.once('close', resolve));
    const zombie = await new Promise<number>((resolve) => parent.stdout.once('data', (line) => resolve(Number(line))));
    const status = await eventually(() => {
      const found = readProcessStatus(zombie);
      return found?.alive === false && found;
    }, 'a zombie');
    const table = createProcessTable({ clock: systemClock });

    const tree = createProcessTree({ attempt, leader: status, since: () => null, table, clock: systemClock });

    assert.deepEqual(await tree.clear(atOnce), { escaped: 0 });
    parent.kill('SIGKILL');
    await gone;
  });

  it('counts what is still there when the time is over', async () => {
    const children: ChildProcess[] = [];
    const table: ProcessTable = {
      find: async () => {
        const child = spawn('sleep', [nearlyForever], { stdio: 'ignore' });
        children.push(child);
        return { pids: [child.pid ?? 0], sinks: new Set(), settled: true };
      },
      listGroup: () => [],
    };

    const tree = createProcessTree({ attempt: 'any', leader: null, since: () => null, table, clock: systemClock });

    assert.deepEqual(await tree.clear({ graceMs: 10, boundMs: 50 }), { escaped: 1 });
    for (const child of children) child.kill('SIGKILL');
  });

  it('does not hold the agent, though it carries the same id', async () => {
    const place = await places.create();
    const { attempt, folder } = place.target;
    const environment = { ...process.env, FARHAND_ATTEMPT_ID: attempt };
    const args = [leavingAgent, 'clear', attempt, folder, `sleep ${nearlyForever}`];

    const agent = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    agent.stdout.on('data', (text) => {
      said += text;
    });
    const status = await new Promise((resolve) => agent.once('close', resolve));

    assert.deepEqual([status, said], [0, 'started\nescaped 0\nleft\n']);
  });

  it('is searched for many at once, each finding its own', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const place = await places.create();
        const execution = await startCommand(
          executor,
          place,
          toCommand(`setsid sleep ${nearlyForever} & echo "child $!"`),
        );
        const child = await readPid(place, 'child');
        await execution.ended;
        return { execution, child };
      }),
    );
    const half = all.filter((_, index) => index % 2 === 0);
    const others = all.filter((_, index) => index % 2 === 1);

    const cleared = await Promise.all(half.map(({ execution }) => execution.clear(atOnce)));

    assert.deepEqual(new Set(cleared.map(({ escaped }) => escaped)), new Set([0]));
    assert.deepEqual(
      half.map(({ child }) => isRunning(child)),
      half.map(() => false),
    );
    assert.deepEqual(
      others.map(({ child }) => isRunning(child)),
      others.map(() => true),
    );
    await Promise.all(others.map(({ execution }) => execution.clear(atOnce)));
  });
});
