import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import type { Execution } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import { createProcessExecutor } from '../../agent/executors/process/process-executor.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type FileSystem, systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

const cleaned = 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [GATE]\nafter: ["true"]\n';

/** The disk, with a word when a file or a folder has been flushed. */
function tellFlushes(told: (event: string) => void): FileSystem {
  return {
    ...systemFileSystem,
    async open(path, flags, mode) {
      const handle = await systemFileSystem.open(path, flags, mode);
      const sync = async () => {
        await handle.sync();
        told(`flushed ${basename(path).replace(/\.part$/, '')}`);
      };
      return { ...handle, sync };
    },
    async syncFolder(path) {
      await systemFileSystem.syncFolder(path);
      told(`flushed names in ${basename(path)}`);
    },
  };
}

/** Processes, with a word before anything of them is started, and before anything of them gets a signal. */
function tellProcesses(told: (event: string) => void): Executor & AsyncDisposable {
  const executor = createProcessExecutor({ fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger });
  const watch = (execution: Execution): Execution => ({
    ...execution,
    clear(options) {
      told('clears');
      return execution.clear(options);
    },
  });
  return {
    ...executor,
    async start(target, command) {
      told(`starts in ${basename(target.folder)}`);
      const started = await executor.start(target, command);
      return started.type === 'started' ? { ...started, execution: watch(started.execution) } : started;
    },
  };
}

/** What happened, in order, to a job that was cancelled while it ran, and cleaned up by its `after` hook. */
async function cancelOne(place: AgentPlace): Promise<{ readonly id: string; readonly events: readonly string[] }> {
  const events: string[] = [];
  const told = (event: string) => void events.push(event);
  place.hub.intercept = (frame) => {
    if (frame.type === 'open' || frame.type === 'result') told(`sends ${frame.type}`);
    return false;
  };
  const executor = tellProcesses(told);
  const agent = await place.start({ fileSystem: tellFlushes(told), executors: createExecutors(executor) });
  const id = place.hub.offer({ automation: 'cleaned', parameters: { run: `echo up; ${waitFor('never')}` } });
  await place.hub.until(() => place.hub.log(id).length >= 3, 'the job to be up');
  await place.hub.cancel(id);
  await place.hub.result(id);
  await agent[Symbol.asyncDispose]();
  await executor[Symbol.asyncDispose]();
  return { id, events };
}

test('What a step rests on is on the disk before the step is taken', async () => {
  await using place = await createAgentPlace({ cleaned });

  const { id, events } = await cancelOne(place);

  const names = `flushed names in ${id}`;
  // Each file that is made on the way needs its name flushed as well.
  const steps: readonly (readonly [step: string, before: readonly string[]])[] = [
    ['sends open', ['flushed claim.json', names, 'flushed names in attempts']],
    [`starts in ${id}`, ['flushed document.json', names, names]],
    ['clears', ['flushed intent.json', names, names, names]],
    ['starts in after', ['flushed after.json', names, names, names, names]],
    ['sends result', ['flushed raw']],
  ];
  for (const [step, needed] of steps) {
    const left = events.slice(0, events.indexOf(step));
    assert.ok(events.includes(step), `${step}, got ${events.join(', ')}`);
    for (const flush of needed) {
      const at = left.indexOf(flush);
      assert.notEqual(at, -1, `${needed.join(' and ')} before ${step}, got ${events.join(', ')}`);
      left.splice(at, 1);
    }
  }
});
