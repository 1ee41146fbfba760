import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Executor } from '../../../agent/executors/executor.ts';
import { readProcessStatus } from '../../../agent/executors/process/process-status.ts';
import { type FileSystem, systemFileSystem } from '../../../runtime/file-system.ts';
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

const slowShell = fileURLToPath(new URL('../../support/fixtures/slow-shell.sh', import.meta.url));
const leavingAgent = fileURLToPath(new URL('../../support/fixtures/leaving-agent.ts', import.meta.url));

/** Runs an agent that starts a job and leaves; resolves with what it said when it is gone. */
function runAgent(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [leavingAgent, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve) => child.once('close', () => resolve(said)));
}

for (const launcher of launcherKinds)
  describe(`the fence of a process (${toName(launcher)})`, () => {
    let executor: Executor & AsyncDisposable;

    beforeEach(() => {
      executor = createExecutor('/bin/sh', launcher);
    });
    checkLeaks();
    afterEach(() => executor[Symbol.asyncDispose]());

    it('is lost by a shell that starts slowly, when it was taken meanwhile', async () => {
      const place = await places.create();
      const go = `${place.target.folder}.go`;
      await using slow = createExecutor(slowShell, launcher);
      const execution = await startCommand(slow, place, toCommand('echo never', { GO: go }));

      assert.equal(await executor.takeFence(place.target), true);
      await writeFile(go, '');

      await execution.ended;
      assert.equal(await execution.started, null);
      assert.equal((await place.readOutput()).length, 0);
      assert.equal(await readExit(executor, place.target), null);
    });

    it('is won in vain where the working directory is gone by then: nothing runs elsewhere', async () => {
      const place = await places.create();
      const go = `${place.target.folder}.go`;
      const workingDirectory = `${place.target.folder}.work`;
      await mkdir(workingDirectory);
      await using slow = createExecutor(slowShell, launcher);
      const execution = await startCommand(slow, place, { ...toCommand('echo never', { GO: go }), workingDirectory });

      await rm(workingDirectory, { recursive: true });
      await writeFile(go, '');
      await execution.ended;

      assert.deepEqual(await readExit(executor, place.target), { status: 126, marked: false });
      assert.doesNotMatch((await place.readOutput()).toString(), /^never$/m);
    });

    it('says nothing of whether it was taken to one who let go', async () => {
      const place = await places.create();
      const go = `${place.target.folder}.go`;
      const slow = createExecutor(slowShell, launcher);
      const execution = await startCommand(slow, place, toCommand('exit 0', { GO: go }));
      let said: unknown = 'nothing';
      void execution.started.then((started) => (said = started));

      await slow[Symbol.asyncDispose]();
      await delay(50);

      assert.equal(said, 'nothing');
      await writeFile(go, '');
      await eventually(async () => (await readExit(executor, place.target)) !== null, 'the command to end');
    });

    it('was taken by a wrapper that found no room to write who it is', async () => {
      const place = await places.create();
      const fileSystem: FileSystem = {
        ...systemFileSystem,
        readFile: async (path) => (path.endsWith('/started') ? new Uint8Array(0) : systemFileSystem.readFile(path)),
      };
      await using starved = createExecutor('/bin/sh', launcher, { fileSystem });

      const execution = await startCommand(starved, place, toCommand('exit 0'));
      await execution.ended;

      assert.notEqual(await execution.started, null);
    });

    it('is won by a shell that starts slowly, long after its agent was killed', async () => {
      const place = await places.create();
      const go = `${place.target.folder}.go`;
      await using slow = createExecutor(slowShell, launcher);
      const execution = await startCommand(slow, place, toCommand('echo ran; exit 6', { GO: go }));
      assert.deepEqual(await executor.inspect(place.target), { type: 'none' });

      await writeFile(go, '');

      await execution.ended;
      assert.notEqual(await execution.started, null);
      assert.equal(await executor.takeFence(place.target), false);
      assert.deepEqual(await readExit(executor, place.target), { status: 6, marked: false });
    });

    it('is not found by a shell that starts slowly, when its folder was deleted and made anew', async () => {
      const place = await places.create();
      const go = `${place.target.folder}.go`;
      await using slow = createExecutor(slowShell, launcher);
      const execution = await startCommand(slow, place, toCommand('echo never', { GO: go }));

      await rm(place.target.folder, { recursive: true });
      await mkdir(place.target.folder);
      await writeFile(go, '');

      await execution.ended;
      assert.equal(await execution.started, null);
      assert.deepEqual(await readdir(place.target.folder), []);
    });

    it('names the wrapper also when the shell has blanks and brackets in its name', async () => {
      const place = await places.create();
      // The system keeps fifteen characters of a name.
      const shell = join(places.root, `a) S ${toName(launcher).length} (x`);
      await symlink('/bin/sh', shell);
      await using odd = createExecutor(shell, launcher);

      const execution = await startCommand(odd, place, toCommand(`echo ready; sleep ${nearlyForever}`));
      await execution.started;

      const fence = await executor.inspect(place.target);
      assert.ok(fence.type === 'started' && fence.alive);
      const pid = Number.parseInt(await readFile(join(place.target.folder, 'started'), 'utf8'), 10);
      assert.match(await readFile(`/proc/${pid}/comm`, 'utf8'), /\) S \d+ \(x\n$/);
      assert.equal(readProcessStatus(pid)?.group, pid);
      await execution.clear(atOnce);
      await execution.ended;
    });

    it('does not take another process with the same id for the wrapper, nor signals it', async () => {
      const place = await places.create();
      const stranger = spawn('sleep', [nearlyForever], { detached: true, stdio: 'ignore' });
      const gone = new Promise((resolve) => stranger.once('exit', resolve));
      await writeFile(join(place.target.folder, 'started'), `${stranger.pid} 1\n`);

      const fence = await executor.inspect(place.target);
      assert.ok(fence.type === 'started' && !fence.alive);
      assert.equal(await executor.adopt(place.target), null);

      assert.equal(readProcessStatus(stranger.pid ?? 0)?.alive, true);
      stranger.kill('SIGKILL');
      await gone;
    });

    it('that cannot be read makes the attempt be found by what carries its id', async () => {
      const place = await places.create();
      const earlier = createExecutor('/bin/sh', launcher);
      await startCommand(earlier, place, toCommand(`echo ready; sleep ${nearlyForever}`));
      await eventually(async () => (await place.readOutput()).length > 0, 'the command to run');
      await earlier[Symbol.asyncDispose]();
      await writeFile(join(place.target.folder, 'started'), '');

      const adopted = await executor.adopt(place.target);

      assert.equal((await executor.inspect(place.target)).type, 'unreadable');
      assert.equal(await executor.takeFence(place.target), false);
      assert.ok(adopted !== null);
      assert.deepEqual(await adopted.clear(atOnce), { escaped: 0 });
      await adopted.ended;
      assert.equal(await executor.adopt(place.target), null);
    });

    it('that cannot be read tells when it was taken, and the end comes with the last of what carries the id', async () => {
      const place = await places.create();
      const earlier = createExecutor('/bin/sh', launcher);
      const script = `sleep ${nearlyForever} & echo "first $!"; sleep ${nearlyForever} & echo "last $!"; echo "wrapper $PPID"; wait`;
      await startCommand(earlier, place, toCommand(script));
      const { folder } = place.target;
      const pids = await Promise.all(['wrapper', 'first', 'last'].map((name) => readPid(place, name)));
      const [wrapper = 0, first = 0, last = 0] = pids;
      const command = readProcessStatus(first)?.parent ?? 0;
      await earlier[Symbol.asyncDispose]();
      await writeFile(join(folder, 'started'), '');
      for (const pid of [wrapper, command]) process.kill(pid, 'SIGKILL');
      await eventually(() => [wrapper, command].every((pid) => readProcessStatus(pid)?.alive !== true), 'both to die');

      const adopted = (await executor.adopt(place.target)) ?? assert.fail('expected what the command left');
      let isOver = false;
      const ended = adopted.ended.then(() => {
        isOver = true;
      });
      process.kill(first, 'SIGKILL');
      await delay(300);

      assert.equal(isOver, false);
      assert.equal((await adopted.started)?.at, (await systemFileSystem.lstat(join(folder, 'started')))?.modifiedAt);
      process.kill(last, 'SIGKILL');
      await ended;
      assert.deepEqual(await adopted.clear(atOnce), { escaped: 0 });
    });

    it('that cannot be read does not make a sink be waited for that somebody holds open', async () => {
      const place = await places.create();
      const earlier = createExecutor('/bin/sh', launcher);
      const script = `setsid env -i /bin/sleep ${nearlyForever} & echo "holder $!"`;
      const command = { ...toCommand(script), output: { file: 'raw', limitBytes: 10_000 } } as const;
      const execution = await startCommand(earlier, place, command);
      const holder = await readPid(place, 'holder');
      await execution.ended;
      await eventually(() => readProcessStatus(holder)?.environmentBytes === 0, 'the holder to wipe its environment');
      await earlier[Symbol.asyncDispose]();
      await writeFile(join(place.target.folder, 'started'), '');

      const adopted = await executor.adopt(place.target);
      await adopted?.ended;

      assert.ok(adopted !== null);
      process.kill(holder, 'SIGKILL');
      assert.deepEqual(await adopted.clear({ graceMs: 20_000, boundMs: 20_000 }), { escaped: 0 });
    });

    it('of a wrapper that is dead says nothing of a group with its id: that may be of others by now', async () => {
      const place = await places.create();
      const { attempt, folder } = place.target;
      const left = spawn('sleep', [nearlyForever], {
        env: { PATH: '/bin', FARHAND_ATTEMPT_ID: attempt },
        stdio: 'ignore',
      });
      const leftGone = new Promise((resolve) => left.once('exit', resolve));
      const leader = spawn('sh', ['-c', `sleep ${nearlyForever} & echo $!`], {
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const stranger = await new Promise<number>((resolve) =>
        leader.stdout.once('data', (pid) => resolve(Number(pid))),
      );
      await eventually(() => readProcessStatus(leader.pid ?? 0) === null, 'the leader of the other group to be gone');
      await writeFile(join(folder, 'started'), `${leader.pid} 1\n`);

      const adopted = (await executor.adopt(place.target)) ?? assert.fail('expected what carries the id');
      assert.deepEqual(await adopted.clear(atOnce), { escaped: 0 });

      await leftGone;
      assert.equal(readProcessStatus(stranger)?.alive, true);
      process.kill(stranger, 'SIGKILL');
    });

    it('lets another Node process adopt what the first one left behind', async () => {
      const place = await places.create();
      const { attempt, folder } = place.target;

      const said = await runAgent(
        'let-go',
        attempt,
        folder,
        `trap 'exit 9' TERM; echo ready; sleep ${nearlyForever} & wait`,
      );

      assert.equal(said, 'started\nleft\n');
      const adopted = await executor.adopt(place.target);
      assert.ok(adopted !== null);
      await eventually(async () => (await place.readOutput()).length > 0, 'the command to run');
      await place.writeIntent();
      await adopted.signal('SIGTERM');
      await adopted.ended;
      assert.deepEqual(await adopted.clear(atOnce), { escaped: 0 });
      assert.deepEqual(await readExit(executor, place.target), { status: 9, marked: true });
    });

    it('lets another Node process read how it ended, when the first one was killed', async () => {
      const place = await places.create();
      const { attempt, folder } = place.target;

      await runAgent('kill', attempt, folder, 'sleep 0.2; echo done; exit 11');

      const adopted = await executor.adopt(place.target);
      await adopted?.ended;
      assert.deepEqual(await readExit(executor, place.target), { status: 11, marked: false });
      assert.equal((await place.readOutput()).toString(), 'done\n');
    });

    it('leaves files that only their owner can read, and an exit record written in place', async () => {
      const place = await places.create();
      const { folder } = place.target;
      const execution = await startCommand(executor, place, toCommand('read -r _; exit 1'));
      await execution.ended;

      const status = await Promise.all(['raw', 'exit'].map((name) => readFile(join(folder, name), 'latin1')));

      assert.deepEqual(status, ['', `1\n${' '.repeat(14)}`]);
      assert.deepEqual((await readdir(folder)).toSorted(), ['exit', 'raw', 'started']);
      await chmod(folder, 0o700);
    });

    it('is taken by the wrapper, but nothing runs, when an intent was there before the command', async () => {
      const place = await places.create();
      await place.writeIntent();

      const execution = await startCommand(executor, place, toCommand('echo never'));
      await execution.ended;

      assert.equal((await place.readOutput()).length, 0);
      assert.deepEqual(await readExit(executor, place.target), { status: 143, marked: true });
    });

    it('shows a wrapper that was killed alone as dead, and its command as what is left', async () => {
      const place = await places.create();
      const execution = await startCommand(executor, place, toCommand(`echo "wrapper $PPID"; sleep ${nearlyForever}`));

      process.kill(await readPid(place, 'wrapper'), 'SIGKILL');
      await execution.ended;

      assert.equal(await readExit(executor, place.target), null);
      const adopted = await executor.adopt(place.target);
      assert.ok(adopted !== null);
      await adopted.ended;
      assert.deepEqual(await adopted.clear(atOnce), { escaped: 0 });
      assert.deepEqual(await execution.clear(atOnce), { escaped: 0 });
      assert.equal(await executor.adopt(place.target), null);
    });
  });
