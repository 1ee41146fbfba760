import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Executor } from '../../../agent/executors/executor.ts';
import { systemFileSystem } from '../../../runtime/file-system.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { readExit } from '../../support/read-exit.ts';
import {
  atOnce,
  createExecutor,
  createProcessPlaces,
  launcherKinds,
  startCommand,
  toCommand,
  toName,
} from './process-place.ts';

const places = await createProcessPlaces();
after(() => places.remove());

const leavingAgent = fileURLToPath(new URL('../../support/fixtures/leaving-agent.ts', import.meta.url));

for (const launcher of launcherKinds)
  describe(`the start of a process (${toName(launcher)})`, () => {
    let executor: Executor & AsyncDisposable;

    beforeEach(() => {
      executor = createExecutor('/bin/sh', launcher);
    });
    checkLeaks();
    afterEach(() => executor[Symbol.asyncDispose]());

    it('keeps 20 MB of random bytes as they were', async () => {
      const place = await places.create();
      const copy = join(place.target.folder, 'copy');

      const execution = await startCommand(
        executor,
        place,
        toCommand('head -c 20000000 /dev/urandom | tee "$COPY"', { COPY: copy }),
      );
      await execution.ended;

      const [output, expected] = await Promise.all([place.readOutput(), readFile(copy)]);
      assert.equal(output.length, 20_000_000);
      assert.equal(
        createHash('sha256').update(output).digest('hex'),
        createHash('sha256').update(expected).digest('hex'),
      );
      await execution.clear(atOnce);
    });

    it('runs a program whose name looks like an option of a shell', async () => {
      const place = await places.create();
      const files = [{ name: '-a', content: '#!/bin/sh\necho "$1"\n', executable: true }];
      const environment = { ...toCommand('').environment, PATH: `${place.target.folder}:/usr/bin:/bin` };

      const execution = await startCommand(executor, place, {
        argv: ['-a', '-c'],
        environment,
        workingDirectory: '/',
        files,
      });
      await execution.ended;

      assert.equal((await place.readOutput()).toString(), '-c\n');
      await execution.clear(atOnce);
    });

    it('finds a program without a PATH where every system has them', async () => {
      const place = await places.create();

      const execution = await startCommand(executor, place, {
        argv: ['env'],
        environment: {},
        workingDirectory: '/',
        files: [],
      });
      await execution.ended;

      assert.match((await place.readOutput()).toString(), /^FARHAND_ATTEMPT_ID=/m);
      assert.deepEqual(await readExit(executor, place.target), { status: 0, marked: false });
      await execution.clear(atOnce);
    });

    it('gives the working directory as PWD, whatever the document says of the variables that shells set', async () => {
      const place = await places.create();
      const lies = { PWD: '/etc', OLDPWD: '/etc', SHLVL: '7' };

      const execution = await startCommand(executor, place, { ...toCommand('', lies), argv: ['env'] });
      await execution.ended;

      const lines = (await place.readOutput()).toString().split('\n');
      assert.deepEqual(
        lines.filter((line) => /^(PWD|OLDPWD|SHLVL)=/.test(line)),
        ['PWD=/tmp'],
      );
      await execution.clear(atOnce);
    });

    for (const name of ['IFS', 'OPTIND', 'PPID', 'SHELLOPTS', 'farhand_stat', 'BASH_FUNC_cd%%', '1', '']) {
      it(`refuses a variable named ${JSON.stringify(name)}, which some shell would take for its own`, async () => {
        const place = await places.create();

        const started = await executor.start(place.target, toCommand('true', { [name]: 'x' }));

        assert.ok(started.type === 'failed');
        assert.equal(started.fault, 'command');
        assert.ok(started.message.includes(name));
      });
    }

    for (const name of ['started', 'exit', 'raw', 'document.json', 'claim.json.part', '../escape', 'a/b', '.', '']) {
      it(`refuses a file named ${JSON.stringify(name)}`, async () => {
        const place = await places.create();
        const files = [{ name, content: '', executable: false }];

        const started = await executor.start(place.target, { ...toCommand('true'), files });

        assert.ok(started.type === 'failed');
        assert.equal(started.fault, 'command');
      });
    }

    it('names the sizes when arguments and variables are too much', async () => {
      const place = await places.create();
      const values = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`V${index}`, 'x'.repeat(100_000)]));

      const started = await executor.start(place.target, toCommand('true', values));

      assert.ok(started.type === 'failed');
      assert.equal(started.fault, 'command');
      assert.match(started.message, /100\d{5} of variables/);
    });

    it('blames the machine when the shell or the folder is not there', async () => {
      const place = await places.create();
      const missing = '/no/such/shell';
      await using lost = createExecutor(missing, launcher === 'execa' ? launcher : { launcherShell: missing });

      const withoutShell = await lost.start(place.target, toCommand('true'));
      const withoutFolder = await executor.start(
        { attempt: 'a', folder: join(places.root, 'none') },
        toCommand('true'),
      );

      assert.ok(withoutShell.type === 'failed' && withoutFolder.type === 'failed');
      assert.deepEqual([withoutShell.fault, withoutFolder.fault], ['environment', 'environment']);
      assert.equal(await executor.takeFence(place.target), true);
    });

    it('answers that no start was seen, and does not fail, where nobody can look at the fence', async () => {
      const place = await places.create();
      await using blind = createExecutor('/bin/sh', launcher, {
        fileSystem: {
          ...systemFileSystem,
          lstat: async (path) => {
            if (path.endsWith('/started')) throw Object.assign(new Error('no descriptors left'), { code: 'EMFILE' });
            return systemFileSystem.lstat(path);
          },
        },
      });

      const execution = await startCommand(blind, place, toCommand('echo done'));
      await execution.ended;

      assert.equal(await execution.started, null);
      assert.equal((await place.readOutput()).toString(), 'done\n');
      await execution.clear(atOnce);
    });

    it('blames the machine when it has no descriptors left', async () => {
      const place = await places.create();
      const { attempt, folder } = place.target;
      const args = [process.execPath, leavingAgent, 'starve', attempt, folder, 'true'];

      const { stderr } = spawnSync('sh', ['-c', 'ulimit -n 100; exec "$@"', 'sh', ...args], { encoding: 'utf8' });

      assert.match(stderr, /environment: Expected .*EMFILE/);
      assert.deepEqual(await executor.inspect(place.target), { type: 'none' });
    });
  });
