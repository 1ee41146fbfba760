import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Execution } from '../../agent/executors/execution.ts';
import type { Executor } from '../../agent/executors/executor.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import { createProcessExecutor } from '../../agent/executors/process/process-executor.ts';
import type { SessionErrorCode } from '../../protocol/session-frame.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { type Logger, silentLogger } from '../../runtime/logger.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace, testLimits, waitFor } from './agent-place.ts';

checkLeaks();

/** An executor that cannot prove of two processes of each tree that they are gone. */
function createLeakyExecutor(): Executor & AsyncDisposable {
  const real = createProcessExecutor({ fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger });
  const leak = (execution: Execution): Execution => ({
    ended: execution.ended,
    started: execution.started,
    signal: (name) => execution.signal(name),
    async clear(bounds) {
      await execution.clear(bounds);
      return { escaped: 2 };
    },
  });
  return {
    ...real,
    async start(target, command) {
      const begun = await real.start(target, command);
      return begun.type === 'started' ? { ...begun, execution: leak(begun.execution) } : begun;
    },
    async adopt(target) {
      const execution = await real.adopt(target);
      return execution === null ? null : leak(execution);
    },
  };
}

/** Shell: a process without the attempt's mark, in a group of its own, that runs `run` and holds the log open. */
function shed(run: string): string {
  return `setsid env -i PATH="$PATH" GATE="$GATE" sh -c '${run}' &`;
}

test('What a process that got away writes after the seal is counted, and is no part of the log', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  const late = `until [ -e "$GATE/late" ]; do [ -d "$GATE" ] || exit; sleep 0.01; done; printf late`;
  const run = `echo one; ${shed(late)} ${waitFor('go')}; echo two`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run }, secrets: { word: 'hush-hush' } });
  await place.hub.until(() => place.hub.log(id).length === 4, 'the first line');
  await first[Symbol.asyncDispose]();
  await place.open('go');
  const folder = place.attemptFolder(id);
  await place.hub.until(
    async () => (await readFile(join(folder, 'exit'), 'utf8')).startsWith('0\n'),
    'the exit record',
  );
  // The length of the log is fixed when the attempt is opened again; its seal waits for the secrets.
  place.hub.intercept = async (frame) => {
    if (frame.type !== 'open') return false;
    await place.open('late');
    await place.hub.until(async () => (await stat(join(folder, 'raw'))).size === 12, 'what comes late');
    return false;
  };

  await place.start();
  const result = await place.hub.result(id);

  assert.equal(place.hub.get(id).opens.at(-1)?.rawBytes, 8);
  assert.deepEqual([result.outcome, result.log.trailing, result.log.bytes], ['succeeded', 4, 8]);
  assert.deepEqual([result.log.complete, result.log.sha256], [true, place.hub.digest(id)]);
  assert.equal(place.hub.log(id).toString(), 'one\ntwo\n');
});

test('Processes that are still there after the bound are counted, whether the command ended or was stopped', async () => {
  await using executor = createLeakyExecutor();
  await using place = await createAgentPlace();
  await place.start({ executors: createExecutors(executor) });

  const ended = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  const stopped = place.hub.offer({ automation: 'sh', parameters: { run: `echo hello; ${waitFor('never')}` } });
  await place.hub.until(() => place.hub.log(stopped).length === 6, 'the job to be up');
  await place.hub.cancel(stopped);

  for (const [id, outcome] of [
    [ended, 'succeeded'],
    [stopped, 'cancelled'],
  ] as const) {
    const result = await place.hub.result(id);
    assert.deepEqual([result.outcome, result.escaped, result.log.complete], [outcome, 2, true]);
    assert.equal(place.hub.log(id).toString(), 'hello\n');
  }
});

test('What escaped from the after hook is counted with what escaped from the command', async () => {
  await using executor = createLeakyExecutor();
  await using place = await createAgentPlace({
    cleaned: 'kind: script\nscript: echo ran\nafter: [sh, -c, echo after]\n',
  });
  await place.start({ executors: createExecutors(executor) });

  const id = place.hub.offer({ automation: 'cleaned' });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.escaped], ['succeeded', 4]);
});

interface Wait {
  readonly why: string;
  readonly waitMs: number;
}

/** Notes how long is waited after each session, and why. */
function createWaitLogger(waits: Wait[]): Logger {
  return {
    ...silentLogger,
    debug(fields, message) {
      if (message === 'session ended') waits.push(fields as Wait);
    },
    child: () => createWaitLogger(waits),
  };
}

for (const code of ['too-large', 'invalid-frame'] satisfies SessionErrorCode[]) {
  test(`A hub that answers ${code} is asked again slowly, and gets the same result when it takes it`, async () => {
    await using place = await createAgentPlace();
    // Above each wait of the quick kind: that one begins anew whenever the hub answered an open.
    const maxRetryMs = 200;
    const session = { ...testLimits.attempt.session, maxRetryMs };
    const waits: Wait[] = [];
    const kept: boolean[] = [];
    place.hub.intercept = async (frame, channel, { id }) => {
      const refuses = kept.length === 0 ? frame.type === 'log' : frame.type === 'result' && kept.length < 3;
      if (!refuses) return false;
      kept.push(existsSync(join(place.attemptFolder(id), kept.length === 0 ? 'claim.json' : 'result.json')));
      await channel.send({ type: 'error', code, message: code, retryAfterMs: null });
      return true;
    };
    await place.start({
      logger: createWaitLogger(waits),
      limits: { ...testLimits, attempt: { ...testLimits.attempt, session } },
    });

    const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
    const result = await place.hub.result(id);
    await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');

    assert.deepEqual([result.outcome, result.log.complete], ['succeeded', true]);
    assert.equal(place.hub.log(id).toString(), 'hello\n');
    assert.deepEqual(kept, [true, true, true]);
    const { results, documentsSent } = place.hub.get(id);
    assert.deepEqual([results.length, new Set(results).size, documentsSent], [3, 1, 1]);
    const refused = waits.filter(({ why }) => why === code);
    assert.equal(refused.length, 3);
    assert.ok(refused.every(({ waitMs }) => waitMs >= maxRetryMs / 2));
  });
}
