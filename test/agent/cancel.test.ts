import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTombstones } from '../../agent/attempts/tombstones.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import { createProcessExecutor } from '../../agent/executors/process/process-executor.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, testLimits, waitFor } from './agent-place.ts';
import { dead, plant } from './planted-attempt.ts';

checkLeaks();

const slowShell = join(import.meta.dirname, '../support/fixtures/slow-shell.sh');

function gist({ outcome, cause, started }: AttemptResult): object {
  return { outcome, cause, started };
}

const cancelledUnborn = { outcome: 'cancelled', cause: 'cancelled', started: false };
const cancelled = { outcome: 'cancelled', cause: 'cancelled', started: true };

/** A job that prints `up`, then waits for ever. */
async function startEndless(place: AgentPlace, before = ''): Promise<string> {
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `${before} echo up; ${waitFor('never')}` } });
  await place.hub.until(() => place.hub.log(id).length >= 3, 'the job to be up');
  return id;
}

test('A withdrawn offer that was claimed is freed and never runs', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo ran' } });
  place.hub.get(id).withdrawn = true;

  await place.hub.until(() => place.hub.get(id).opens.length > 0, 'an open');
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');

  assert.equal(place.hub.get(id).result, null);
  assert.equal(await openTombstones(systemFileSystem, `${place.data}/tombstones`).has(id), false);
});

test('A hub that has given an attempt up whose command runs ends the command before its folder is freed', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = await startEndless(place, 'echo $$ >"$GATE/pid";');
  const pid = Number(await readFile(join(place.gate, 'pid'), 'utf8'));
  assert.equal(existsSync(`/proc/${pid}`), true);

  place.hub.get(id).withdrawn = true;
  await place.hub.session(id)?.close();
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');

  assert.equal(existsSync(`/proc/${pid}`), false);
  assert.equal(place.hub.get(id).result, null);
});

test('A claim alone only remembers a cancel: the hub decides, and then there is no document and no start', async () => {
  await using place = await createAgentPlace();
  let letIn = (): void => {};
  const opened = new Promise<void>((resolve) => {
    letIn = resolve;
  });
  place.hub.intercept = async (frame) => {
    if (frame.type === 'open') await opened;
    return false;
  };
  await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo ran' } });
  await place.hub.until(() => place.hub.get(id).opens.length > 0, 'an open');
  await place.hub.cancel(id);
  place.hub.get(id).desired = 'run';
  await place.hub.until(() => existsSync(join(place.attemptFolder(id), 'claim.json')), 'the claim');
  assert.equal(existsSync(join(place.attemptFolder(id), 'result.json')), false);
  let hadDocument = true;
  place.hub.intercept = (frame) => {
    if (frame.type === 'result') hadDocument = existsSync(join(place.attemptFolder(id), 'document.json'));
    return false;
  };
  letIn();

  assert.deepEqual(gist(await place.hub.result(id)), cancelledUnborn);
  assert.equal(place.hub.log(id).length, 0);
  assert.equal(hadDocument, false);
});

test('A claim that is told to cancel in the answer to its open ends without a start', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, { desired: 'cancel' });

  await place.start();

  assert.deepEqual(gist(await place.hub.result(id)), cancelledUnborn);
  assert.equal(place.hub.get(id).documentsSent, 0);
});

test('The answer to an open alone is enough to cancel a claim', async () => {
  await using place = await createAgentPlace();
  const nothing = { document: null, secrets: null, secretsGone: false, store: null } as const;
  place.hub.intercept = async (frame, channel, { opens }) => {
    if (frame.type !== 'open' || opens.length > 1) return false;
    await channel.send({ type: 'job', offset: 0, desired: 'cancel', ...nothing });
    return true;
  };
  const id = await plant(place, {});

  await place.start();
  await place.hub.until(() => existsSync(join(place.attemptFolder(id), 'result.json')), 'the result');
  await place.hub.session(id)?.close();
  for (const connection of place.network.connections) connection.cut();

  assert.deepEqual(gist(await place.hub.result(id)), cancelledUnborn);
});

test('A cancel that comes while the document is being written keeps the command from being spawned', async () => {
  await using place = await createAgentPlace();
  let id = '';
  const fileSystem = {
    ...systemFileSystem,
    open: async (path: string, ...rest: [flags: 'r' | 'r+' | 'w' | 'wx' | 'a', mode?: number]) => {
      if (path.endsWith('/document.json')) {
        await place.hub.cancel(id);
        await place.hub.until(() => place.hub.get(id).reports.length > 1, 'the cancel to have come');
      }
      return systemFileSystem.open(path, ...rest);
    },
  };
  let intent = '';
  place.hub.intercept = async (frame) => {
    if (frame.type === 'result') intent = await readFile(join(place.attemptFolder(id), 'intent.json'), 'utf8');
    return false;
  };
  await place.start({ fileSystem });

  id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo ran' } });

  assert.deepEqual(gist(await place.hub.result(id)), cancelledUnborn);
  assert.equal(place.hub.log(id).length, 0);
  // An agent that finds the folder without its result says the same.
  assert.match(intent, /"cause":"cancelled"/);
});

test('A command that was spawned and has not begun is fenced off, and never begins', async () => {
  await using place = await createAgentPlace();
  const go = join(place.gate, 'shell');
  process.env['GO'] = go;
  const executor = createProcessExecutor({
    fileSystem: systemFileSystem,
    clock: systemClock,
    logger: silentLogger,
    shell: slowShell,
  });
  const agent = await place.start({
    executors: createExecutors(executor),
    environment: { PATH: '/usr/bin:/bin', GATE: place.gate, GO: go, LEAK_CHECK: String(process.pid) },
  });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo ran' } });
  await place.hub.until(() => agent.status().attempts[0]?.state === 'running', 'the wrapper to be spawned');
  await place.hub.cancel(id);

  assert.deepEqual(gist(await place.hub.result(id)), cancelledUnborn);
  await place.open('shell');
  await agent[Symbol.asyncDispose]();
  await executor[Symbol.asyncDispose]();
});

test('A running command gets TERM behind a durable intent, and its result says so', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = place.hub.offer({
    automation: 'sh',
    parameters: {
      run: `trap 'cat intent.json; exit 7' TERM; echo up; ${waitFor('never')}`,
    },
  });
  await place.hub.until(() => place.hub.log(id).length >= 3, 'the job to be up');

  await place.hub.cancel(id);
  const result = await place.hub.result(id);

  assert.deepEqual(gist(result), cancelled);
  assert.equal(result.exitCode, 7);
  assert.match(place.hub.log(id).toString(), /"cause":"cancelled"/);
});

test('A command is given the time that its automation says, beyond what the agent gives and waits for', async () => {
  const patient = 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [GATE]\ngraceSeconds: 30\n';
  await using place = await createAgentPlace({ patient });
  await place.start({ limits: { ...testLimits, attempt: { ...testLimits.attempt, graceMs: 10, boundMs: 50 } } });
  const run = `trap '(trap "" TERM; exec sleep 0.7); exit 7' TERM; echo up; ${waitFor('never')}`;
  const id = place.hub.offer({ automation: 'patient', parameters: { run } });
  await place.hub.until(() => place.hub.log(id).length >= 3, 'the job to be up');

  await place.hub.cancel(id);
  const result = await place.hub.result(id);

  assert.deepEqual([gist(result), result.exitCode], [cancelled, 7]);
});

test('A command that ignores TERM, and its child in a session of its own, get KILL after the grace', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = await startEndless(place, `trap '' TERM; setsid sh -c 'trap "" TERM; ${waitFor('never')}' &`);

  await place.hub.cancel(id);
  const result = await place.hub.result(id);

  assert.deepEqual(gist(result), cancelled);
  assert.equal(result.escaped, 0);
  assert.equal(result.exitCode, null);
});

test('A cancel that comes when the exit record is valid changes nothing', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
  await first[Symbol.asyncDispose]();
  await place.open('go');
  const exit = join(place.attemptFolder(id), 'exit');
  await place.hub.until(async () => (await readFile(exit, 'utf8')).startsWith('0\n'), 'the exit record');

  await place.hub.cancel(id);
  await place.start();

  assert.deepEqual(gist(await place.hub.result(id)), { outcome: 'succeeded', cause: 'exit-code', started: true });
});

test('A cancel while the result is being delivered leaves the result as it is', async () => {
  await using place = await createAgentPlace();
  let accept = (): void => {};
  const accepted = new Promise<void>((resolve) => {
    accept = resolve;
  });
  place.hub.intercept = async (frame) => {
    if (frame.type === 'result') await accepted;
    return false;
  };
  const agent = await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo done' } });
  await place.hub.until(() => agent.status().attempts[0]?.state === 'holding', 'the seal');

  await place.hub.cancel(id);
  accept();

  assert.deepEqual(gist(await place.hub.result(id)), { outcome: 'succeeded', cause: 'exit-code', started: true });
});

test('A cancel that came while the agent was away is acted on when it is back', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  const id = await startEndless(place);
  await first[Symbol.asyncDispose]();
  place.hub.get(id).desired = 'cancel';

  await place.start();

  assert.deepEqual(gist(await place.hub.result(id)), cancelled);
});

test('A running command that the answer of a session says is to be cancelled is, whatever the control channel said', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = await startEndless(place);

  place.hub.get(id).desired = 'cancel';
  await place.hub.session(id)?.close();

  assert.deepEqual(gist(await place.hub.result(id)), cancelled);
});

test('A cancel of an attempt that is gone without a record is what was intended before, or lost', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, { document: 'this-boot', started: dead, desired: 'cancel' });

  await place.start();

  assert.deepEqual(gist(await place.hub.result(id)), { outcome: 'lost', cause: 'process-lost', started: true });
});

test('Absence, deletion and an unknown wish stop nothing', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');

  const deletiontimestamp = new Date().toISOString();
  await place.hub.sendSpec(id, place.hub.get(id).offer, 99, { deletiontimestamp });
  await place.hub.sendSpec(id, null, 100, { deletiontimestamp, type: 'io.farhand.v1.jobs.spec.delete_request' });
  const probe = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.result(probe);
  assert.equal(agent.status().attempts.find((attempt) => attempt.id === id)?.state, 'running');
  await place.open('go');

  assert.deepEqual(gist(await place.hub.result(id)), { outcome: 'succeeded', cause: 'exit-code', started: true });
});
