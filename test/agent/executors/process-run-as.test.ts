import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { findUser } from '../../../agent/automations/job-user.ts';
import type { PreparedCommand, RunAs } from '../../../agent/automations/prepared-command.ts';
import { findProgram } from '../../../agent/executors/process/find-program.ts';
import type { ExecutorPlace } from '../../contract/executor-harness.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { readExit } from '../../support/read-exit.ts';
import {
  atOnce,
  createExecutor,
  createProcessPlaces,
  eventually,
  launcherKinds,
  startCommand,
  toCommand,
  toName,
} from './process-place.ts';

const skip = process.geteuid?.() === 0 ? false : 'only root can run commands as another user';
const user = findUser('nobody');

const places = await createProcessPlaces();
await chmod(places.root, 0o755);
after(() => places.remove());

function toRunAs({ target }: ExecutorPlace): RunAs {
  assert.ok(user !== null);
  return { user, folder: join(places.root, 'users', target.attempt) };
}

for (const shell of ['/bin/dash', '/bin/bash'].filter(
  (path) => findProgram(path, { path: undefined, workingDirectory: '/' }) !== null,
)) {
  for (const launcher of launcherKinds)
    describe(`a command of another user, under ${shell}, started ${toName(launcher)}`, { skip }, () => {
      checkLeaks();

      /** Runs it to its end and answers what it printed, and its exit record. */
      async function run(
        given: (runAs: RunAs) => Partial<PreparedCommand>,
      ): Promise<{ output: string; exit: unknown }> {
        await using executor = createExecutor(shell, launcher);
        const place = await places.create();
        const runAs = toRunAs(place);
        const command = { ...toCommand(''), workingDirectory: runAs.folder, runAs, ...given(runAs) };
        const execution = await startCommand(executor, place, command);
        await execution.ended;
        assert.deepEqual(await execution.clear({ graceMs: 0, boundMs: 20_000 }), { escaped: 0 });
        return { output: (await place.readOutput()).toString(), exit: await readExit(executor, place.target) };
      }

      it('gets its arguments and its variables as they are', async () => {
        const odd = ['', ' ', '-n', '$(id)', '"\'', 'a\nb', '*', 'ü'];
        const { output, exit } = await run(() => ({
          argv: [
            'sh',
            '-c',
            'for a; do printf "<%s>" "$a"; done; printf "%s|%s" "$ODD" "$(env | grep -ci "^farhand_[^a]")"',
            'sh',
            ...odd,
          ],
          environment: { ...toCommand('').environment, ODD: odd.join('') },
        }));

        assert.equal(output, `${odd.map((text) => `<${text}>`).join('')}${odd.join('')}|0`);
        assert.deepEqual(exit, { status: 0, marked: false });
      });

      it('may be a file of its own whose name looks like an option, or be found without a PATH', async () => {
        const files = [{ name: '-a', content: '#!/bin/sh\nid -un; exit 4\n', executable: true }];
        const own = await run((runAs) => ({
          argv: ['-a'],
          files,
          environment: { ...toCommand('').environment, PATH: `${runAs.folder}:/usr/bin:/bin` },
        }));
        const { PATH: _, ...bare } = toCommand('').environment;
        const found = await run(() => ({ argv: ['id', '-un'], environment: bare }));

        assert.deepEqual([own.output, own.exit], ['nobody\n', { status: 4, marked: false }]);
        assert.equal(found.output, 'nobody\n');
      });

      it('ends by the signal that it gets, and tells it', async () => {
        await using executor = createExecutor(shell, launcher);
        const place = await places.create();
        const runAs = toRunAs(place);
        const execution = await startCommand(executor, place, { ...toCommand('echo up; exec sleep 60'), runAs });
        await eventually(async () => (await place.readOutput()).length > 0, 'its output');
        await execution.signal('SIGTERM');
        await execution.ended;
        await execution.clear(atOnce);

        assert.deepEqual(await readExit(executor, place.target), { status: 143, marked: false });
      });
    });
}
