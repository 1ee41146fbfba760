import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Executor } from '../../agent/executors/executor.ts';
import { createExecutors } from '../../agent/executors/executors.ts';
import { createProcessExecutor } from '../../agent/executors/process/process-executor.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, machineBootId, waitFor } from './agent-place.ts';
import { dead, type Planted, plant, recovered, startedBy } from './planted-attempt.ts';

checkLeaks();

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function recover(
  place: AgentPlace,
  planted: Planted,
): Promise<{ readonly id: string; readonly result: AttemptResult }> {
  const id = await plant(place, planted);
  await place.start();
  return { id, result: await place.hub.result(id) };
}

function gist({ outcome, cause, started, exitCode, log }: AttemptResult): object {
  return { outcome, cause, started, exitCode, complete: log.complete };
}

test('A folder behind a tombstone is deleted, and nothing of it is sent', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, { document: 'this-boot', started: dead, exit: '0\n', tombstone: true });

  await place.start();

  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be deleted');
  assert.deepEqual(place.hub.get(id).opens, []);
});

test('A result that is there is delivered as it was written', async () => {
  await using place = await createAgentPlace();
  const result: AttemptResult = {
    outcome: 'failed',
    cause: 'exit-code',
    message: 'as it was written',
    started: true,
    exitCode: 3,
    signal: null,
    outputs: null,
    log: { bytes: 6, sha256: sha256('hello\n'), complete: true, gaps: [], trailing: 0 },
    escaped: 0,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    usage: null,
  };

  const { id, result: delivered } = await recover(place, {
    document: 'this-boot',
    started: dead,
    exit: '0\n',
    raw: 'hello\n',
    result,
  });

  assert.deepEqual(delivered, result);
  assert.equal(place.hub.log(id).toString(), 'hello\n');
});

test('A claim alone is opened again, and runs when the hub sends its document', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, {});
  place.hub.get(id).request.parameters = { run: 'echo ran' };

  await place.start();
  const result = await place.hub.result(id);

  assert.equal(place.hub.get(id).opens[0]?.have, 'claimed');
  assert.equal(result.outcome, 'succeeded');
  assert.equal(place.hub.log(id).toString(), 'ran\n');
});

test('After another boot without an exit record it is lost, and whether it started is what the fence says', async () => {
  await using place = await createAgentPlace();
  const nothing = await plant(place, { document: 'another-boot' });
  const wrapper = await plant(place, { document: 'another-boot', started: dead, raw: 'half' });
  const unreadable = await plant(place, { document: 'another-boot', started: '' });
  const intended = await plant(place, { document: 'another-boot', started: dead, intent: 'cancelled' });
  const fenced = await plant(place, { document: 'another-boot', started: recovered });

  await place.start();

  const lost = { outcome: 'lost', cause: 'process-lost', exitCode: null, complete: false };
  assert.deepEqual(gist(await place.hub.result(nothing)), { ...lost, started: 'unknown' });
  assert.deepEqual(gist(await place.hub.result(wrapper)), { ...lost, started: true });
  assert.deepEqual(gist(await place.hub.result(unreadable)), { ...lost, started: true });
  assert.deepEqual(gist(await place.hub.result(intended)), { ...lost, started: true });
  const unborn = { outcome: 'never-started', cause: 'start-failed', started: false, exitCode: null, complete: true };
  assert.deepEqual(gist(await place.hub.result(fenced)), unborn);
  assert.equal(place.hub.log(wrapper).toString(), 'half');
});

test('An exit record from another boot counts, but the log that came with it is not called complete', async () => {
  await using place = await createAgentPlace();

  const { result } = await recover(place, { document: 'another-boot', started: dead, exit: '0\n', raw: 'hello\n' });

  assert.deepEqual(gist(result), {
    outcome: 'succeeded',
    cause: 'exit-code',
    started: true,
    exitCode: 0,
    complete: false,
  });
  assert.deepEqual(result.log.gaps, [{ at: 6, bytes: null, why: 'power-loss' }]);
});

test('A wall clock that was set back while a command ran leaves a result that the hub can take', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, { document: 'this-boot', started: dead, exit: '0\n' });
  const { mtimeMs } = await stat(join(place.attemptFolder(id), 'started'));
  const earlier = mtimeMs / 1000 - 60;
  await utimes(join(place.attemptFolder(id), 'exit'), earlier, earlier);

  await place.start();

  const { outcome, usage } = await place.hub.result(id);
  assert.deepEqual([outcome, usage], ['succeeded', { wallMs: 0 }]);
});

test('Where nothing started, recovery takes the fence: it never will, and a cancel that was intended stands', async () => {
  await using place = await createAgentPlace();
  const plain = await plant(place, { document: 'this-boot' });
  const intended = await plant(place, { document: 'this-boot', intent: 'cancelled' });
  const again = await plant(place, { document: 'this-boot', started: recovered });
  place.hub.intercept = async (frame, _channel, { id }) => {
    if (frame.type !== 'result') return false;
    const started = await readFile(join(place.attemptFolder(id), 'started'), 'utf8');
    assert.equal(started, recovered);
    return false;
  };

  await place.start();

  const unborn = { outcome: 'never-started', cause: 'start-failed', started: false, exitCode: null, complete: true };
  assert.deepEqual(gist(await place.hub.result(plain)), unborn);
  assert.deepEqual(gist(await place.hub.result(again)), unborn);
  assert.deepEqual(gist(await place.hub.result(intended)), { ...unborn, outcome: 'cancelled', cause: 'cancelled' });
});

test('A command that runs on is adopted, slots or not, and ends as if its agent had never left', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo one; ${waitFor('go')}; echo two; exit 3` } });
  await place.hub.until(() => place.hub.log(id).length === 4, 'the first line');
  await first[Symbol.asyncDispose]();

  await place.start({ slots: 0 });
  await place.hub.until(() => place.hub.get(id).opens.length === 2, 'the attempt to be opened again');
  await place.open('go');
  const result = await place.hub.result(id);

  assert.deepEqual(gist(result), { outcome: 'failed', cause: 'exit-code', started: true, exitCode: 3, complete: true });
  assert.equal(place.hub.log(id).toString(), 'one\ntwo\n');
  assert.equal(place.hub.get(id).documentsSent, 1);
});

test('A wall clock that was set forwards while no agent was there uses up none of the time of an adopted command', async () => {
  await using place = await createAgentPlace();
  const child = spawn('sleep', ['60'], { detached: true });
  const pid = child.pid ?? 0;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const id = await plant(place, { document: 'this-boot', started: startedBy(pid), timeoutMs: 3_600_000 });
  const hoursAgo = Date.now() / 1_000 - 5 * 3_600;
  await utimes(join(place.attemptFolder(id), 'started'), hoursAgo, hoursAgo);

  await place.start();
  await place.hub.until(() => place.hub.get(id).opens.length > 0, 'the attempt to be opened');
  child.kill('SIGKILL');
  await ended;
  const { outcome, cause } = await place.hub.result(id);

  assert.deepEqual([outcome, cause], ['lost', 'process-lost']);
});

test('A command that lives is adopted, though it has written the mark of its after hook', async () => {
  await using place = await createAgentPlace();
  const child = spawn('sleep', ['60'], { detached: true });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const started = startedBy(child.pid ?? 0);
  const id = await plant(place, { document: 'this-boot', started, after: machineBootId });

  const agent = await place.start();

  assert.equal(agent.status().attempts[0]?.state, 'running');
  child.kill('SIGKILL');
  await ended;
  assert.equal((await place.hub.result(id)).cause, 'process-lost');
});

test('A process that looks like the wrapper of another boot is left alone', async () => {
  await using place = await createAgentPlace();
  const child = spawn('sleep', ['60'], { detached: true });
  const ended = new Promise<string | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  const started = startedBy(child.pid ?? 0);
  const recorded = await plant(place, { document: 'another-boot', started, exit: '0\n' });
  const lost = await plant(place, { document: 'another-boot', started });

  await place.start();

  assert.equal((await place.hub.result(recorded)).outcome, 'succeeded');
  assert.equal((await place.hub.result(lost)).outcome, 'lost');
  child.kill('SIGKILL');
  assert.equal(await ended, 'SIGKILL');
});

test('How far the hub was that gave a document is known from it, where the machine forgot it elsewhere', async () => {
  await using place = await createAgentPlace();
  const [storeId, startId] = [place.hub.storeId, randomUUID()];
  const seen = { storeId, startId, commits: 5, leaseEpoch: 0 };
  await writeFile(join(place.data, 'hub.json'), JSON.stringify(seen));
  await plant(place, { document: 'this-boot', started: dead, exit: '0\n', store: { storeId, startId, commits: 50 } });

  await place.create();
  await place.hub.until(() => place.hub.hellos.length > 0, 'a hello');

  assert.deepEqual(place.hub.hellos[0]?.seen, { ...seen, commits: 50 });
});

for (const [clock, ran] of [
  ['that nobody sets', { ranMs: 7_200_000 }],
  ['of the wall, where nothing else tells', {}],
] as const)
  test(`The time-out of an adopted command counts from its spawn, by the clock ${clock}`, async () => {
    await using place = await createAgentPlace();
    const child = spawn('sleep', ['60'], { detached: true });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const started = startedBy(child.pid ?? 0);
    const id = await plant(place, { document: 'this-boot', started, timeoutMs: 3_600_000 });
    const hoursAgo = Date.now() / 1_000 - 2 * 3_600;
    await utimes(join(place.attemptFolder(id), 'started'), hoursAgo, hoursAgo);
    const real = createProcessExecutor({ fileSystem: systemFileSystem, clock: systemClock, logger: silentLogger });
    const executor: Executor = {
      ...real,
      async adopt(target) {
        const { ranMs: _, ...execution } = (await real.adopt(target)) ?? assert.fail('expected a process');
        return { ...execution, ...ran };
      },
    };

    const agent = await place.start({ executors: createExecutors(executor) });
    const result = await place.hub.result(id);
    await ended;

    const timedOut = { outcome: 'timed-out', cause: 'timeout', started: true, exitCode: null, complete: true };
    assert.deepEqual(gist(result), timedOut);
    await agent[Symbol.asyncDispose]();
    await real[Symbol.asyncDispose]();
  });

for (const [intent, outcome] of [
  ['cancelled', 'cancelled'],
  ['timeout', 'timed-out'],
  ['log-limit', 'failed'],
] as const) {
  test(`A stop that was intended (${intent}) goes on when the command is found alive`, async () => {
    await using place = await createAgentPlace();
    const child = spawn('sleep', ['60'], { detached: true });
    const ended = new Promise((resolve) => child.once('exit', resolve));

    const { result } = await recover(place, {
      document: 'this-boot',
      started: startedBy(child.pid ?? 0),
      intent,
    });
    await ended;

    assert.deepEqual(gist(result), { outcome, cause: intent, started: true, exitCode: null, complete: true });
  });
}

test('What a command left running when it ended, while no agent was there, is ended before its log is sealed', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, { document: 'this-boot', started: dead, exit: '0\n', raw: 'hello\n' });
  const env = { PATH: '/usr/bin:/bin', FARHAND_ATTEMPT_ID: id };
  const child = spawn('sleep', ['60'], { detached: true, env });
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));

  await place.start();
  const result = await place.hub.result(id);

  assert.equal(await ended, 'SIGTERM');
  assert.deepEqual([result.outcome, result.escaped], ['succeeded', 0]);
});

test('A command that ended while no agent was there has the end that its record says', async () => {
  await using place = await createAgentPlace();
  const succeeded = await plant(place, { document: 'this-boot', started: dead, exit: '0\n', raw: 'hello\n' });
  const unmarked = await plant(place, { document: 'this-boot', started: dead, exit: '0\n', intent: 'cancelled' });
  const marked = await plant(place, { document: 'this-boot', started: dead, exit: '143 i\n', intent: 'cancelled' });
  const late = await plant(place, { document: 'this-boot', started: dead, exit: '143 i\n', intent: 'timeout' });
  const killed = await plant(place, { document: 'this-boot', started: dead, exit: '137\n' });

  await place.start();

  const whole = { started: true, complete: true };
  const success = { ...whole, outcome: 'succeeded', cause: 'exit-code', exitCode: 0 };
  assert.deepEqual(gist(await place.hub.result(succeeded)), success);
  assert.deepEqual(gist(await place.hub.result(unmarked)), success);
  assert.deepEqual(gist(await place.hub.result(marked)), {
    ...whole,
    outcome: 'cancelled',
    cause: 'cancelled',
    exitCode: 143,
  });
  assert.deepEqual(gist(await place.hub.result(late)), {
    ...whole,
    outcome: 'timed-out',
    cause: 'timeout',
    exitCode: 143,
  });
  const signalled = await place.hub.result(killed);
  assert.deepEqual(gist(signalled), { ...whole, outcome: 'failed', cause: 'signal', exitCode: 137 });
  assert.equal(signalled.signal, 'SIGKILL');
});

test('A command that is gone without a record is what its intent says, and lost without one', async () => {
  await using place = await createAgentPlace();
  const cancelled = await plant(place, { document: 'this-boot', started: dead, intent: 'cancelled' });
  const late = await plant(place, {
    document: 'this-boot',
    started: dead,
    intent: 'timeout',
    exit: '                ',
  });
  const lost = await plant(place, { document: 'this-boot', started: dead, raw: 'hello\n' });
  const torn = await plant(place, { document: 'this-boot', started: dead, exit: '0' });

  await place.start();

  const whole = { started: true, exitCode: null, complete: true };
  assert.deepEqual(gist(await place.hub.result(cancelled)), { ...whole, outcome: 'cancelled', cause: 'cancelled' });
  assert.deepEqual(gist(await place.hub.result(late)), { ...whole, outcome: 'timed-out', cause: 'timeout' });
  assert.deepEqual(gist(await place.hub.result(lost)), { ...whole, outcome: 'lost', cause: 'process-lost' });
  assert.deepEqual(gist(await place.hub.result(torn)), { ...whole, outcome: 'lost', cause: 'process-lost' });
  assert.equal(place.hub.log(lost).toString(), 'hello\n');
});

test('A fence that cannot be read is asked of the processes: one that carries the attempt is adopted, else it is dead', async () => {
  await using place = await createAgentPlace();
  const lost = await plant(place, { document: 'this-boot', started: '' });
  const alive = await plant(place, { document: 'this-boot', started: '' });
  const child = spawn(
    'sh',
    ['-c', `${waitFor('go')}; echo 0 1<>"$1"`, 'sh', join(place.attemptFolder(alive), 'exit')],
    {
      detached: true,
      env: { PATH: '/usr/bin:/bin', GATE: place.gate, FARHAND_ATTEMPT_ID: alive, LEAK_CHECK: String(process.pid) },
    },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));

  await place.start();
  assert.equal((await place.hub.result(lost)).cause, 'process-lost');
  await place.hub.until(() => place.hub.get(alive).opens.length === 1, 'the attempt to be opened');
  assert.equal(place.hub.get(alive).result, null);
  await place.open('go');

  assert.equal((await place.hub.result(alive)).outcome, 'succeeded');
  await ended;
});

test('What a claim left before it was whole is removed, and so is half a removal', async () => {
  await using place = await createAgentPlace();
  const torn = join(place.data, 'attempts', '0190d2a6-2222-7000-8000-000000000001');
  const half = join(place.data, 'attempts', '.removed-0190d2a6-2222-7000-8000-000000000002');
  for (const folder of [torn, half]) await mkdir(folder, { recursive: true });
  await writeFile(join(torn, 'claim.json'), '{"attempt"');
  await writeFile(join(half, 'raw'), 'x');

  await place.start();

  assert.equal(existsSync(torn), false);
  assert.equal(existsSync(half), false);
});
