import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileJsonSchema } from '../../protocol/json-schema.ts';
import { systemFileSystem } from '../../runtime/file-system.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace, testLimits, waitFor } from './agent-place.ts';
import { openChangingCatalog } from './changing-catalog.ts';

checkLeaks();

const megabyte = 1024 * 1024;

test('A job that prints 300 MB while nobody acknowledges leaves the memory where it was, and all of it arrives later', async () => {
  await using place = await createAgentPlace();
  place.hub.keepsLogs = false;
  place.hub.acknowledges = false;
  await place.start();
  const warm = place.hub.offer({ automation: 'sh', parameters: { run: 'head -c 8000000 /dev/zero' } });
  await place.hub.until(() => place.hub.get(warm).bytes > 0, 'a first stream');
  const { windowBytes } = testLimits.attempt.session;
  const before = process.memoryUsage();
  let peak = 0;

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'head -c 300000000 /dev/zero | tr "\\0" x' } });
  await place.hub.until(async () => {
    peak = Math.max(peak, process.memoryUsage().rss);
    return existsSync(join(place.attemptFolder(id), 'result.json'));
  }, 'the seal');
  const held = process.memoryUsage();
  const sentInVain = place.hub.get(id).bytes;

  assert.equal((await stat(join(place.attemptFolder(id), 'raw'))).size, 300_000_000);
  assert.ok(sentInVain <= windowBytes, `at most a window unacknowledged, got ${sentInVain}`);
  assert.ok(
    held.arrayBuffers - before.arrayBuffers < 48 * megabyte,
    `buffers grew by ${held.arrayBuffers - before.arrayBuffers}`,
  );
  assert.ok(peak - before.rss < 96 * megabyte, `memory grew by ${peak - before.rss}`);

  place.hub.acknowledges = true;
  for (const one of [warm, id]) await place.hub.session(one)?.send({ type: 'ack', offset: place.hub.get(one).bytes });
  const result = await place.hub.result(id);
  assert.deepEqual(
    [result.outcome, result.log.bytes, result.log.sha256],
    ['succeeded', 300_000_000, place.hub.digest(id)],
  );
});

test('A background child that holds the output is ended, and the digest does not change afterwards', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const run = `(trap '' TERM; while :; do echo tick; sleep 0.01; done) & setsid sh -c 'while :; do echo tock; sleep 0.01; done' & echo done`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.escaped, result.log.trailing], ['succeeded', 0, 0]);
  assert.deepEqual([result.log.bytes, result.log.sha256], [place.hub.get(id).bytes, place.hub.digest(id)]);
});

test('What a command leaves running is told to end before it is made to', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const child = `trap 'echo bye; exit' TERM; : >"$GATE/ready"; ${waitFor('never')}`;

  const id = place.hub.offer({ automation: 'sh', parameters: { run: `(${child}) & ${waitFor('ready')}` } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.escaped], ['succeeded', 0]);
  // A shell may say a word of its own about what was ended with it.
  assert.match(place.hub.log(id).toString(), /^bye$/m);
});

test('A log over its limit stops the job, and so does one that was over it before anybody looked', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const endless = place.hub.offer({ automation: 'limited', parameters: { run: 'while :; do echo 0123456789; done' } });
  const quick = place.hub.offer({ automation: 'limited', parameters: { run: 'head -c 60000 /dev/zero' } });
  const run = `head -c 50000 /dev/zero; ${waitFor('seen')}`;
  const within = place.hub.offer({ automation: 'limited', parameters: { run } });

  for (const id of [endless, quick]) {
    const result = await place.hub.result(id);
    assert.deepEqual([result.outcome, result.cause, result.started], ['failed', 'log-limit', true]);
    assert.equal(result.log.bytes, place.hub.get(id).bytes);
  }
  await place.hub.until(() => place.hub.log(within).length === 50_000, 'all that may be printed');
  await place.open('seen');
  assert.equal((await place.hub.result(within)).outcome, 'succeeded');
});

test('The output of all jobs together is bounded: who prints beyond it is stopped, and nobody new is let in until that is gone', async () => {
  await using place = await createAgentPlace();
  place.hub.acknowledges = false;
  const agent = await place.start({ limits: { ...testLimits, spool: { ...testLimits.spool, maxBytes: 100_000 } } });

  const run = `head -c 90000 /dev/zero; ${waitFor('go')}; head -c 20000 /dev/zero; ${waitFor('never')}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await place.hub.until(() => place.hub.get(id).bytes === 90_000, 'the first part');
  await place.open('go');
  await place.hub.until(() => existsSync(join(place.attemptFolder(id), 'intent.json')), 'the stop');
  const refused = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.until(() => place.hub.report(refused)?.phase === 'declined', 'a decline');

  assert.equal(place.hub.report(refused)?.reason, 'spool-full');
  const result = await place.hub.result(id);
  assert.deepEqual([result.outcome, result.cause], ['failed', 'spool-full']);
  await place.hub.until(() => agent.status().attempts.length === 0, 'the attempt to be let go of');
  const next = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  assert.equal((await place.hub.result(next)).outcome, 'succeeded');
});

test('Outputs that are not what the automation promises are a failure with its own cause', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const wrong = place.hub.offer({
    automation: 'typed',
    parameters: { run: 'echo \'{"n":"one"}\' >"$FARHAND_OUTPUTS"' },
  });
  const right = place.hub.offer({ automation: 'typed', parameters: { run: 'echo \'{"n":1}\' >"$FARHAND_OUTPUTS"' } });
  const refused = place.hub.offer({ automation: 'typed', parameters: { run: 7 } });

  const bad = await place.hub.result(wrong);
  assert.deepEqual([bad.outcome, bad.cause, bad.exitCode, bad.outputs], ['failed', 'outputs-invalid', 0, null]);
  assert.deepEqual((await place.hub.result(right)).outputs, { n: 1 });
  const invalid = await place.hub.result(refused);
  assert.deepEqual([invalid.outcome, invalid.cause, invalid.started], ['failed', 'parameters-invalid', false]);
});

test('Outputs are judged by what was promised when the job began', async () => {
  await using place = await createAgentPlace();
  const catalog = await openChangingCatalog(place);
  await place.start({ catalog });
  const run = `echo up; ${waitFor('go')}; echo '{"n": 1}' >"$FARHAND_OUTPUTS"`;
  const id = place.hub.offer({ automation: 'typed', parameters: { run } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');

  const other = { type: 'object', required: ['other'] };
  catalog.change('typed', (automation) => ({
    ...automation,
    summary: { ...automation.summary, outputs: other },
    outputs: compileJsonSchema(other),
  }));
  await place.open('go');

  const { outcome, outputs } = await place.hub.result(id);
  assert.deepEqual([outcome, outputs], ['succeeded', { n: 1 }]);
});

test('The smaller time-out ends the job, and says so', async () => {
  const script = 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [GATE]\n';
  const [brief, long] = [1, 600].map((seconds) => `${script}timeoutSeconds: ${seconds}\n`);
  await using place = await createAgentPlace({ brief: brief ?? '', long: long ?? '' });
  await place.start();
  const parameters = { run: waitFor('never') };

  const ids = [
    place.hub.offer({ automation: 'sh', parameters, timeoutSeconds: 0.05 }),
    place.hub.offer({ automation: 'long', parameters, timeoutSeconds: 0.05 }),
    place.hub.offer({ automation: 'brief', parameters, timeoutSeconds: 600 }),
  ];

  for (const id of ids) {
    const result = await place.hub.result(id);
    assert.deepEqual([result.outcome, result.cause, result.started], ['timed-out', 'timeout', true]);
  }
});

/** A file system of one megabyte, or null where none can be mounted. */
function mountSmall(path: string): boolean {
  try {
    execFileSync('sh', ['-c', 'mount -t tmpfs -o size=1m tmpfs "$1"', 'sh', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('A job that prints 5 MB on a disk of 1 MB never ends in success', async (context) => {
  await using place = await createAgentPlace();
  const dataFolder = join(place.root, 'small');
  await mkdir(dataFolder);
  if (!mountSmall(dataFolder)) return context.skip('no small file system can be mounted here');
  try {
    await copyFile(join(place.data, 'identity.json'), join(dataFolder, 'identity.json'));
    await using agent = await place.create({ dataFolder });
    await agent.ready;

    const careless = place.hub.offer({
      automation: 'sh',
      parameters: { run: 'head -c 5000000 /dev/zero 2>/dev/null || true' },
    });
    const result = await place.hub.result(careless);
    await place.hub.until(() => agent.status().attempts.length === 0, 'the attempt to be let go of');
    const next = place.hub.offer({ automation: 'sh', parameters: { run: 'echo room' } });

    assert.deepEqual([result.outcome, result.cause, result.log.complete], ['failed', 'spool-full', false]);
    assert.deepEqual(
      [result.log.bytes, result.log.sha256],
      [place.hub.get(careless).bytes, place.hub.digest(careless)],
    );
    assert.equal((await place.hub.result(next)).outcome, 'succeeded');
  } finally {
    execFileSync('sh', ['-c', 'umount "$1"', 'sh', dataFolder]);
  }
});

test('A result that finds no room is written from the reserve, and is no success any more', async () => {
  await using place = await createAgentPlace();
  let refusals = 0;
  const fileSystem = {
    ...systemFileSystem,
    open: async (path: string, ...rest: [flags: 'r' | 'r+' | 'w' | 'wx' | 'a', mode?: number]) => {
      if (path.endsWith('/result.json') && existsSync(join(place.data, 'reserve'))) {
        refusals += 1;
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      }
      return systemFileSystem.open(path, ...rest);
    },
  };
  await place.start({ fileSystem });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  const result = await place.hub.result(id);

  assert.ok(refusals > 0);
  assert.deepEqual([result.outcome, result.cause, result.log.complete], ['failed', 'spool-full', false]);
  assert.equal(place.hub.log(id).toString(), 'hello\n');
});

test('A command whose log may have found no room has not succeeded, whatever it says', async () => {
  await using place = await createAgentPlace();
  const fileSystem = {
    ...systemFileSystem,
    open: async (path: string, ...rest: [flags: 'r' | 'r+' | 'w' | 'wx' | 'a', mode?: number]) => {
      if (path.endsWith('/probe')) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      return systemFileSystem.open(path, ...rest);
    },
  };
  // As a disk that writes by the block tells it: there is room, and none for a block.
  let free = 1e9;
  await place.start({ fileSystem, freeBytes: () => free });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo hello; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.get(id).bytes > 0, 'the log to arrive');
  free = 32 * 1024;
  await place.open('go');
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.cause, result.log.complete], ['failed', 'spool-full', false]);
});

test('A document that finds no room never starts, and says so', async () => {
  await using place = await createAgentPlace();
  const fileSystem = {
    ...systemFileSystem,
    open: async (path: string, ...rest: [flags: 'r' | 'r+' | 'w' | 'wx' | 'a', mode?: number]) => {
      if (path.endsWith('/document.json')) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      return systemFileSystem.open(path, ...rest);
    },
  };
  await place.start({ fileSystem });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.cause, result.started], ['never-started', 'spool-full', false]);
});
