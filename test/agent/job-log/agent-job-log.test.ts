import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createFileTarget } from '../../../agent/job-log/file-target.ts';
import type { JobLog } from '../../../agent/job-log/job-log.ts';
import type { JobLogTarget } from '../../../agent/job-log/job-log-target.ts';
import { openJobLog } from '../../../agent/job-log/open-job-log.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { type FileSystem, systemFileSystem } from '../../../runtime/file-system.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { endsOf, type JobLogEntry, linesOf, parseJobLog, textOf } from '../../support/job-log-lines.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, waitFor } from '../agent-place.ts';

checkLeaks();

const limits = { patienceMs: 60_000, retryMs: 10, leaveMs: 1_000 };
const begin = Promise.resolve();

interface Logged extends AsyncDisposable {
  readonly log: JobLog & AsyncDisposable;
  read(): Promise<readonly JobLogEntry[]>;
}

/** A reader may see a write half done: it looks again, as long as the file grows. */
async function readUnmoved(path: string): Promise<string> {
  let text = '';
  for (let length = -1; length !== text.length && !(length >= 0 && text.endsWith('\n')); ) {
    length = text.length;
    if (existsSync(path)) text = await readFile(path, 'utf8');
    if (text !== '' && !text.endsWith('\n')) await delay(20);
  }
  return text;
}

/** A job log in a file of the place. */
function openIn(place: AgentPlace): Logged {
  const path = join(place.root, 'jobs.jsonl');
  const log = openJobLog({
    target: createFileTarget(path, { clock: systemClock }),
    begin,
    clock: systemClock,
    logger: silentLogger,
    limits,
  });
  return {
    log,
    read: async () => parseJobLog(await readUnmoved(path)),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

/** The hub has the result, and the folder is free. */
async function untilFreed(place: AgentPlace, id: string): Promise<void> {
  await place.hub.result(id);
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');
}

/** A target that takes nothing until it is let. */
function createGate(): { readonly target: JobLogTarget; readonly open: () => void; taken: string } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const gate = {
    taken: '',
    open: resolve,
    target: {
      place: 'stdout',
      prepare: async () => {},
      async write(bytes: Uint8Array) {
        await promise;
        gate.taken += Buffer.from(bytes).toString();
        return bytes.length;
      },
      reopen: () => {},
      close: async () => {},
    },
  };
  return gate;
}

test('What a job prints is in the job log, with what it is and how it ended', async () => {
  await using place = await createAgentPlace();
  await using logged = openIn(place);
  await place.start({ jobLog: logged.log });
  const run = 'echo one; echo two >&2; printf "no line end"; exit 3';

  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await untilFreed(place, id);

  const entries = await logged.read();
  const result = await place.hub.result(id);
  const { job } = place.hub.get(id).offer;
  assert.deepEqual(
    linesOf(entries, id).map(({ message, offset, bytes }) => [message, offset, bytes]),
    [
      ['one', 0, 4],
      ['two', 4, 4],
      ['no line end', 8, 11],
    ],
  );
  for (const entry of entries) {
    assert.partialDeepStrictEqual(entry, {
      process: 'job',
      job,
      attempt: id,
      number: 1,
      automation: 'sh',
      agent: 'a1',
    });
    assert.equal(entry.account, 'default');
    assert.ok(Math.abs(Date.parse(entry.time) - Date.now()) < 120_000);
  }
  const [end, ...more] = endsOf(entries, id);
  assert.deepEqual([more, entries.at(-1)], [[], end]);
  assert.partialDeepStrictEqual(end, { outcome: 'failed', cause: 'exit-code', exitCode: 3, bytes: 19, complete: true });
  assert.equal(end?.sha256, result.log.sha256);
});

test('Lines flow while no hub is there, and while it acknowledges nothing', async () => {
  await using place = await createAgentPlace();
  await using logged = openIn(place);
  await place.start({ jobLog: logged.log });
  const run = `echo one; ${waitFor('go')}; head -c 6000000 /dev/zero | tr "\\0" x | fold -w 999; echo last`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await place.hub.until(() => place.hub.log(id).length > 0, 'a first line');

  place.hub.acknowledges = false;
  place.network.faults.dials = 'refused';
  for (const connection of place.network.connections) connection.cut();
  await place.open('go');
  await place.hub.until(async () => endsOf(await logged.read(), id).length > 0, 'the end in the job log');
  const alone = await logged.read();
  assert.equal(place.hub.get(id).result, null);
  place.hub.acknowledges = true;
  place.network.faults.dials = 'answered';
  await untilFreed(place, id);

  assert.equal(textOf(alone, id), place.hub.log(id).toString());
  assert.deepEqual(await logged.read(), alone);
  const result = await place.hub.result(id);
  assert.deepEqual([result.outcome, result.log.sha256], ['succeeded', place.hub.digest(id)]);
});

test('Secrets are masked in the job log as they are for the hub, also when they come in pieces', async () => {
  await using place = await createAgentPlace();
  await using logged = openIn(place);
  await place.start({ jobLog: logged.log });
  const run = `printf 'a correct-'; ${waitFor('go')}; echo 'horse z'; echo "$FARHAND_SECRET_WORD" | base64`;

  const id = place.hub.offer({ automation: 'sh', parameters: { run }, secrets: { word: 'correct-horse' } });
  await place.hub.until(() => place.hub.log(id).length > 0, 'a first piece');
  await place.open('go');
  await untilFreed(place, id);

  const entries = await logged.read();
  assert.equal(textOf(entries, id), place.hub.log(id).toString());
  assert.match(textOf(entries, id), /^a \*\*\* z\n\*\*\*/);
  assert.doesNotMatch(JSON.stringify(entries), /horse|Y29ycmVjdC1ob3JzZ/);
});

test('The next agent goes on where the last one was: no line is missing, and none comes twice', async () => {
  await using place = await createAgentPlace();
  await using before = openIn(place);
  const first = await place.start({ jobLog: before.log });
  const run = `echo one; printf half; ${waitFor('go')}; echo " and half"; echo "$FARHAND_SECRET_WORD"`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run }, secrets: { word: 'correct-horse' } });
  await place.hub.until(async () => (await before.read()).length > 0, 'a first line');

  await first[Symbol.asyncDispose]();
  await before[Symbol.asyncDispose]();
  await using after = openIn(place);
  await place.start({ jobLog: after.log });
  await place.open('go');
  await untilFreed(place, id);

  const entries = await after.read();
  assert.equal(textOf(entries, id), 'one\nhalf and half\n***\n');
  assert.equal(entries.length, 4);
  assert.partialDeepStrictEqual(endsOf(entries, id), [{ outcome: 'succeeded' }]);
});

test('An agent that does not know how far the last one came writes lines again rather than leave them out', async () => {
  await using place = await createAgentPlace();
  await using before = openIn(place);
  const first = await place.start({ jobLog: before.log });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo one; ${waitFor('go')}; echo two` } });
  await place.hub.until(async () => (await before.read()).length > 0, 'a first line');
  await first[Symbol.asyncDispose]();
  await before[Symbol.asyncDispose]();

  await writeFile(join(place.attemptFolder(id), 'lines'), 'rubbish');
  await using after = openIn(place);
  await place.start({ jobLog: after.log });
  await place.open('go');
  await untilFreed(place, id);

  const entries = await after.read();
  assert.deepEqual(
    entries.map(({ type, message }) => (type === 'line' ? message : type)),
    ['one', 'one', 'two', 'end'],
  );
  assert.equal(textOf(entries, id), 'one\ntwo\n');
});

test('A job log that takes nothing holds up no job: after a bound its lines are given up, and counted', async () => {
  await using place = await createAgentPlace();
  const gate = createGate();
  const log = openJobLog({
    target: gate.target,
    begin,
    clock: systemClock,
    logger: silentLogger,
    limits: { ...limits, patienceMs: 300, leaveMs: 50 },
  });
  const agent = await place.start({ jobLog: log });

  const first = place.hub.offer({ automation: 'sh', parameters: { run: 'echo one' } });
  await untilFreed(place, first);
  const more = Array.from({ length: 3 }, () => place.hub.offer({ automation: 'sh', parameters: { run: 'echo more' } }));
  for (const id of more) await untilFreed(place, id);

  for (const id of [first, ...more]) assert.equal((await place.hub.result(id)).outcome, 'succeeded');
  const { jobLog, health } = agent.status();
  assert.partialDeepStrictEqual(jobLog, {
    place: 'stdout',
    problem: 'takes nothing',
    cutAttempts: 4,
    droppedBytes: 19,
  });
  assert.deepEqual([health.state, health.problems], ['degraded', ['job log stdout takes nothing']]);
  await place.hub.until(() => place.hub.agentReport?.health.problems.length === 1, 'the hub to be told');

  gate.open();
  await place.hub.until(() => agent.status().jobLog?.problem === null, 'the job log to go on');
  const last = place.hub.offer({ automation: 'sh', parameters: { run: 'echo last' } });
  await untilFreed(place, last);
  assert.equal(textOf(parseJobLog(gate.taken), last), 'last\n');
  assert.equal(agent.status().health.state, 'ok');
  await log[Symbol.asyncDispose]();
});

/** A target that takes each batch after a while. */
function createSlowTarget(afterMs: number): { readonly target: JobLogTarget; taken: string } {
  const slow = {
    taken: '',
    target: {
      place: 'stdout',
      prepare: async () => {},
      async write(bytes: Uint8Array) {
        await delay(afterMs);
        slow.taken += Buffer.from(bytes).toString();
        return bytes.length;
      },
      reopen: () => {},
      close: async () => {},
    },
  };
  return slow;
}

/** Half a mebibyte of lines: eight pieces. */
const muchOutput = 'yes 123456789012345 | head -c 524288';

test('A job log that takes something now and then is waited for, however long all of it takes', async () => {
  await using place = await createAgentPlace();
  const slow = createSlowTarget(300);
  await using log = openJobLog({
    target: slow.target,
    begin,
    clock: systemClock,
    logger: silentLogger,
    limits: { ...limits, patienceMs: 1_000 },
  });
  const agent = await place.start({ jobLog: log });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: muchOutput } });
  await untilFreed(place, id);

  const entries = parseJobLog(slow.taken);
  assert.equal(textOf(entries, id).length, 524_288);
  assert.equal(endsOf(entries, id).length, 1);
  assert.partialDeepStrictEqual(agent.status().jobLog, { cutAttempts: 0, droppedBytes: 0, problem: null });
});

test('An agent that leaves does not wait for a slow job log: the next one goes on with what the hub has long accepted', async () => {
  await using place = await createAgentPlace();
  const slow = createSlowTarget(300);
  const before = openJobLog({ target: slow.target, begin, clock: systemClock, logger: silentLogger, limits });
  const first = await place.start({ jobLog: before });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: muchOutput } });
  await place.hub.result(id);
  await place.hub.until(() => slow.taken.length > 0, 'a first piece');

  await first[Symbol.asyncDispose]();
  const { jobLog } = first.status();
  await before[Symbol.asyncDispose]();
  const isKept = existsSync(place.attemptFolder(id));
  await using after = openIn(place);
  await place.start({ jobLog: after.log });
  await untilFreed(place, id);

  assert.equal(isKept, true);
  assert.partialDeepStrictEqual(jobLog, { cutAttempts: 0, droppedBytes: 0 });
  const entries = [...parseJobLog(slow.taken), ...(await after.read())];
  assert.equal(textOf(entries, id).length, 524_288);
  assert.equal(endsOf(entries, id).length, 1);
});

test('An agent leaves while its job log takes nothing, and the next one writes all', async () => {
  await using place = await createAgentPlace();
  const gate = createGate();
  const stuck = openJobLog({ target: gate.target, begin, clock: systemClock, logger: silentLogger, limits });
  const first = await place.start({ jobLog: stuck });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo one; ${waitFor('go')}; echo two` } });
  await place.hub.until(() => place.hub.log(id).length > 0, 'a first line');

  await first[Symbol.asyncDispose]();
  await stuck[Symbol.asyncDispose]();
  await using after = openIn(place);
  await place.start({ jobLog: after.log });
  await place.open('go');
  await untilFreed(place, id);
  gate.open();

  assert.equal(textOf(await after.read(), id), 'one\ntwo\n');
});

test('A job that was refused before it started has an end in the job log, and no lines', async () => {
  await using place = await createAgentPlace();
  await using logged = openIn(place);
  await place.start({ jobLog: logged.log });

  const id = place.hub.offer({ automation: 'typed', parameters: {} });
  await untilFreed(place, id);

  const entries = await logged.read();
  assert.equal(entries.length, 1);
  assert.partialDeepStrictEqual(entries[0], {
    type: 'end',
    attempt: id,
    number: 1,
    outcome: 'failed',
    cause: 'parameters-invalid',
    bytes: 0,
  });
});

test('An offer that is withdrawn leaves nothing in the job log, and is waited for by nobody', async () => {
  await using place = await createAgentPlace();
  await using logged = openIn(place);
  const seen = Promise.withResolvers<void>();
  place.hub.intercept = async (frame, channel) => {
    if (frame.type !== 'open') return false;
    await seen.promise;
    await channel.send({ type: 'error', code: 'attempt-withdrawn', message: 'gone', retryAfterMs: null });
    return true;
  };
  const agent = await place.start({ jobLog: logged.log });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo one' } });
  await place.hub.until(() => existsSync(place.attemptFolder(id)), 'a claim');
  seen.resolve();
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');

  assert.deepEqual(await logged.read(), []);
  assert.equal(agent.status().jobLog?.cutAttempts, 0);
});

test('A deleted folder costs the lines that were not written, and the loss is counted', async () => {
  await using place = await createAgentPlace();
  await using logged = openIn(place);
  const agent = await place.start({ jobLog: logged.log });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo one; printf half; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.log(id).length === 8, 'all that it prints');
  await place.hub.until(async () => (await logged.read()).length === 1, 'its line');

  await rm(place.attemptFolder(id), { recursive: true });
  await place.open('go');
  await place.hub.until(() => agent.status().attempts.length === 0, 'the attempt to be given up');

  assert.equal(textOf(await logged.read(), id), 'one\n');
  assert.partialDeepStrictEqual(agent.status().jobLog, { cutAttempts: 1, droppedBytes: 4 });
});

test('Lines of jobs that run side by side do not mix', async () => {
  await using place = await createAgentPlace();
  await using logged = openIn(place);
  await place.start({ jobLog: logged.log });

  const ids = [1, 2, 3, 4].map((index) =>
    place.hub.offer({ automation: 'sh', parameters: { run: `seq ${index} 4 60000` } }),
  );
  for (const id of ids) await untilFreed(place, id);

  const entries = await logged.read();
  for (const id of ids) {
    assert.equal(textOf(entries, id), place.hub.log(id).toString());
    assert.equal(endsOf(entries, id).length, 1);
  }
});

test('A spool that cannot be read for a while delays lines, and loses none', async () => {
  await using place = await createAgentPlace();
  await using logged = openIn(place);
  let refusals = 0;
  const fileSystem: FileSystem = {
    ...systemFileSystem,
    open: async (path, flags, mode) => {
      if (path.endsWith('/raw') && existsSync(path) && flags === 'r' && refusals < 5) {
        refusals += 1;
        throw Object.assign(new Error('refused'), { code: 'EMFILE' });
      }
      return systemFileSystem.open(path, flags, mode);
    },
  };
  await place.start({ jobLog: logged.log, fileSystem });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'seq 1 100' } });
  await untilFreed(place, id);

  assert.equal(refusals, 5);
  assert.equal(textOf(await logged.read(), id), place.hub.log(id).toString());
});
