import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Executor } from '../../../agent/executors/executor.ts';
import { createExecaLauncher } from '../../../agent/executors/process/execa-launcher.ts';
import { equalStanding } from '../../../agent/executors/process/job-standing.ts';
import { createProcessExecutor } from '../../../agent/executors/process/process-executor.ts';
import { readProcessStatus } from '../../../agent/executors/process/process-status.ts';
import { createShellLauncher } from '../../../agent/executors/process/shell-launcher.ts';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { readExit } from '../../support/read-exit.ts';
import {
  atOnce,
  createExecutor,
  createProcessPlaces,
  eventually,
  launcherKinds,
  nearlyForever,
  readPid,
  startCommand,
  toCommand,
  toName,
} from './process-place.ts';

const places = await createProcessPlaces();
after(() => places.remove());

const leavingAgent = fileURLToPath(new URL('../../support/fixtures/leaving-agent.ts', import.meta.url));

function parentOf(pid: number): number {
  return readProcessStatus(pid)?.parent ?? assert.fail(`expected a process ${pid}`);
}

function isRunning(pid: number): boolean {
  return readProcessStatus(pid)?.alive === true;
}

for (const launcher of launcherKinds)
  describe(`a command that was started (${toName(launcher)})`, () => {
    checkLeaks();

    it('finds no signal ignored or blocked', async () => {
      const place = await places.create();
      await using executor = createExecutor('/bin/sh', launcher);

      const execution = await startCommand(executor, place, toCommand('grep -E "^Sig(Blk|Ign)" /proc/self/status'));
      await execution.ended;

      assert.match((await place.readOutput()).toString(), /^SigBlk:\s0+\nSigIgn:\s0+\n$/);
      await execution.clear(atOnce);
    });

    it('has nothing of the pipes of whoever started it, and neither has its wrapper', async () => {
      const place = await places.create();
      await using executor = createExecutor('/bin/sh', launcher);
      const script = 'readlink /proc/$PPID/fd/0 /proc/$PPID/fd/1 /proc/$PPID/fd/* /proc/self/fd/*';

      const execution = await startCommand(executor, place, toCommand(script));
      await execution.ended;

      const output = (await place.readOutput()).toString();
      assert.match(output, /^\/dev\/null\n\/dev\/null\n/);
      assert.doesNotMatch(output, /socket:/);
      assert.doesNotMatch(output, /\/started$/m);
      await execution.clear(atOnce);
    });

    it('gets variables that bash keeps for itself', async () => {
      const place = await places.create();
      await using executor = createExecutor('/bin/sh', launcher);
      const names = { UID: '5', GROUPS: 'x', SECONDS: '7', BASH_ENV: '/nowhere' };

      const execution = await startCommand(executor, place, { ...toCommand('', names), argv: ['env'] });
      await execution.ended;

      const lines = (await place.readOutput()).toString().split('\n');
      assert.deepEqual(
        Object.entries(names).filter(([name, value]) => !lines.includes(`${name}=${value}`)),
        [],
      );
      await execution.clear(atOnce);
    });
  });

describe('a launcher by shells', () => {
  let executor: Executor & AsyncDisposable;

  beforeEach(() => {
    executor = createExecutor();
  });
  checkLeaks();
  afterEach(() => executor[Symbol.asyncDispose]());

  it('uses a shell again when its command has ended, and not before', async () => {
    const shells: number[] = [];
    const first = await places.create();
    const running = await startCommand(executor, first, toCommand(`echo "wrapper $PPID"; sleep ${nearlyForever}`));
    shells.push(parentOf(await readPid(first, 'wrapper')));
    for (let count = 0; count < 3; count += 1) {
      const place = await places.create();
      const execution = await startCommand(executor, place, toCommand(`echo "wrapper $PPID"; sleep ${nearlyForever}`));
      shells.push(parentOf(await readPid(place, 'wrapper')));
      await execution.clear(atOnce);
      await execution.ended;
    }

    assert.equal(new Set(shells).size, 2);
    assert.equal(shells.filter((shell) => shell === shells[0]).length, 1);
    await running.clear(atOnce);
    await running.ended;
  });

  it('that lost a shell tells the end of what it had started all the same, and starts more', async () => {
    const place = await places.create();
    const next = await places.create();
    const go = join(place.target.folder, 'go');
    const execution = await startCommand(
      executor,
      place,
      toCommand(`echo "wrapper $PPID"; while [ ! -e "$GO" ]; do sleep 0.01; done; exit 6`, { GO: go }),
    );

    const shell = parentOf(await readPid(place, 'wrapper'));
    process.kill(shell, 'SIGKILL');
    await eventually(() => !isRunning(shell), 'the shell to die');
    let isOver = false;
    void execution.ended.then(() => (isOver = true));
    await delay(50);
    assert.equal(isOver, false);
    await writeFile(go, '');
    await execution.ended;
    const following = await startCommand(executor, next, toCommand('exit 3'));
    await following.ended;

    assert.deepEqual(await readExit(executor, place.target), { status: 6, marked: false });
    assert.deepEqual(await readExit(executor, next.target), { status: 3, marked: false });
    await execution.clear(atOnce);
    await following.clear(atOnce);
  });

  it('whose shell dies before it forked fails, and holds the fence', async () => {
    const first = await places.create();
    const place = await places.create();
    const warming = await startCommand(executor, first, toCommand(`echo "wrapper $PPID"; sleep ${nearlyForever}`));
    const shell = parentOf(await readPid(first, 'wrapper'));
    await warming.clear(atOnce);
    await warming.ended;
    process.kill(shell, 'SIGSTOP');

    const starting = executor.start(place.target, toCommand('echo never'));
    process.kill(shell, 'SIGKILL');
    const started = await starting;

    assert.ok(started.type === 'failed');
    assert.equal(started.fault, 'environment');
    assert.deepEqual(await executor.inspect(place.target), { type: 'recovered' });
  });

  it('ends a shell that does not fork in time, and lets the fence decide', async () => {
    const bounds: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      schedule(delayMs, callback, options) {
        if (delayMs === 10_000) bounds.push(callback);
        return systemClock.schedule(delayMs, callback, options);
      },
    };
    const given = { shell: '/bin/sh', standing: equalStanding };
    const otherwise = createExecaLauncher(given);
    const kind = { launcherShell: '/bin/sh', setsid: '/usr/bin/setsid', otherwise };
    const launcher = createShellLauncher({ ...given, ...kind, clock });
    await using own = createProcessExecutor({ fileSystem: systemFileSystem, clock, logger: silentLogger, launcher });
    const first = await places.create();
    const place = await places.create();
    const warming = await startCommand(own, first, toCommand(`echo "wrapper $PPID"; sleep ${nearlyForever}`));
    const shell = parentOf(await readPid(first, 'wrapper'));
    await warming.clear(atOnce);
    await warming.ended;
    process.kill(shell, 'SIGSTOP');

    const starting = own.start(place.target, toCommand('echo never'));
    await eventually(() => bounds.length > 1, 'the launch to be bounded');
    bounds.at(-1)?.();
    const started = await starting;

    assert.ok(started.type === 'failed');
    assert.deepEqual(await own.inspect(place.target), { type: 'recovered' });
    await eventually(() => !isRunning(shell), 'the shell to end');
  });

  it('whose shell died with nothing to do starts the next command by another', async () => {
    const first = await places.create();
    const place = await places.create();
    const warming = await startCommand(executor, first, toCommand(`echo "wrapper $PPID"; sleep ${nearlyForever}`));
    const shell = parentOf(await readPid(first, 'wrapper'));
    await warming.clear(atOnce);
    await warming.ended;
    process.kill(shell, 'SIGKILL');
    // Until the kernel has forgotten it, its end was not collected.
    await eventually(() => readProcessStatus(shell) === null, 'the end of the shell to be noticed');
    await setImmediate();

    const execution = await startCommand(executor, place, toCommand('exit 4'));
    await execution.ended;

    assert.deepEqual(await readExit(executor, place.target), { status: 4, marked: false });
    await execution.clear(atOnce);
  });

  it('leaves no shell behind when its process is killed, and the wrapper goes on', async () => {
    const place = await places.create();
    const { attempt, folder } = place.target;
    const script = `echo "wrapper $PPID"; trap 'exit 9' TERM; while :; do sleep 0.01; done`;
    const child = spawn(process.execPath, [leavingAgent, 'kill', attempt, folder, script], { stdio: 'ignore' });
    await new Promise((resolve) => child.once('close', resolve));
    const wrapper = await readPid(place, 'wrapper');
    const shell = parentOf(wrapper);
    assert.equal(await readlink(`/proc/${shell}/cwd`), '/');
    // A session of its own: no signal to the group of its process reaches it.
    assert.equal(readProcessStatus(shell)?.session, shell);

    const adopted = (await executor.adopt(place.target)) ?? assert.fail('expected the wrapper to live');
    await adopted.signal('SIGTERM');
    await adopted.ended;
    await eventually(() => !isRunning(shell), 'the shell to end');

    assert.deepEqual(await readExit(executor, place.target), { status: 9, marked: false });
    assert.ok((await readdir(folder)).includes('started'));
    assert.deepEqual(await adopted.clear(atOnce), { escaped: 0 });
  });
});
