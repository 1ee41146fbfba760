import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OpenFrame } from '../../protocol/session-frame.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { type FileSystem, systemFileSystem } from '../../runtime/file-system.ts';
import type { MemoryNetwork } from '../../transports/memory/network.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createAgentPlace, testLimits, waitFor } from './agent-place.ts';
import { dead, plant, recovered } from './planted-attempt.ts';

checkLeaks();

/** Frames of about a kilobyte, sessions that follow each other at once. */
const choppy = {
  ...testLimits,
  attempt: {
    ...testLimits.attempt,
    session: { ...testLimits.attempt.session, windowBytes: 1_000, maxRetryMs: 2 },
  },
};

/** Breaks every session somewhere in its next bytes: another place each time, the same places in every run. */
function cutSessions(network: MemoryNetwork, longest: number): void {
  let seed = 1;
  network.watch((connection) => {
    if (!connection.target.startsWith('/v1/sessions/')) return;
    seed = (seed * 48_271) % 2_147_483_647;
    const bytes = (seed >> 2) % longest;
    if (seed % 4 === 0) connection.cutAfter('down', { bytes: bytes / 4 });
    else connection.cutAfter('up', { bytes });
  });
}

function isOrdered(opens: readonly OpenFrame[]): boolean {
  return opens.every((open, index) => {
    const before = opens[index - 1];
    if (before === undefined) return true;
    if (open.leaseEpoch !== before.leaseEpoch) return open.leaseEpoch > before.leaseEpoch;
    return open.opens > before.opens;
  });
}

test('A stream whose sessions are cut everywhere arrives whole, with the digest of the sealed file', async () => {
  await using place = await createAgentPlace();
  cutSessions(place.network, 2_500);
  await place.start({ limits: choppy });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'seq 1 12000' } });
  const result = await place.hub.result(id);

  const expected = Array.from({ length: 12_000 }, (_, index) => `${index + 1}\n`).join('');
  assert.equal(place.hub.log(id).toString(), expected);
  assert.deepEqual(
    [result.log.bytes, result.log.sha256, result.log.complete],
    [expected.length, place.hub.digest(id), true],
  );
  assert.ok(place.hub.get(id).opens.length > 30, `many sessions, got ${place.hub.get(id).opens.length}`);
  assert.ok(isOrdered(place.hub.get(id).opens));
  assert.equal(place.hub.get(id).folderId, place.hub.get(id).opens[0]?.folderId);
});

test('A masked stream is the same whatever cuts it, and holds no part of a secret', async () => {
  await using place = await createAgentPlace();
  cutSessions(place.network, 4_000);
  await place.start({ limits: choppy });
  const secret = 'correct-horse-battery-staple';

  const run = 'i=0; while [ $i -lt 800 ]; do echo "$i $FARHAND_SECRET_WORD $i"; i=$((i+1)); done';
  const id = place.hub.offer({ automation: 'sh', parameters: { run }, secrets: { word: secret } });
  const result = await place.hub.result(id);

  const expected = Array.from({ length: 800 }, (_, index) => `${index} *** ${index}\n`).join('');
  assert.equal(place.hub.log(id).toString(), expected);
  assert.equal(result.log.sha256, place.hub.digest(id));
});

test('A secret whose halves come before and after a restart is masked, and the digest matches', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  const secrets = { word: 'correct-horse-battery-staple' };
  const run = `printf 'begin correct-horse'; ${waitFor('go')}; echo -battery-staple end`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run }, secrets });
  await place.hub.until(() => place.hub.log(id).toString() === 'begin ', 'what is surely no secret');
  await first[Symbol.asyncDispose]();
  await place.start();
  await place.hub.until(() => place.hub.get(id).opens.length === 2, 'the attempt to be opened again');
  await place.open('go');

  const result = await place.hub.result(id);

  assert.equal(place.hub.get(id).opens[1]?.needsSecrets, true);
  assert.equal(place.hub.log(id).toString(), 'begin *** end\n');
  assert.deepEqual([result.log.bytes, result.log.sha256], [place.hub.get(id).bytes, place.hub.digest(id)]);
  assert.ok(isOrdered(place.hub.get(id).opens));
});

test('A session goes on past frames that only a later hub knows, and comes again after a code that it does not know', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo one; ${waitFor('go')}; echo two` } });
  await place.hub.until(() => place.hub.get(id).bytes === 4, 'the first part');

  await place.hub.session(id)?.send({ type: 'weather', wind: 3 } as never);
  await place.hub
    .session(id)
    ?.send({ type: 'error', code: 'code-of-tomorrow', message: 'later', retryAfterMs: 0 } as never);
  await place.hub.until(() => place.hub.get(id).opens.length === 2, 'the attempt to be opened again');
  await place.open('go');

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
  assert.equal(place.hub.log(id).toString(), 'one\ntwo\n');
  assert.equal(place.hub.get(id).documentsSent, 1);
});

test('When the secrets are gone the rest of the stream is a gap to the end', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, {
    document: 'this-boot',
    started: dead,
    exit: '0\n',
    raw: 'begin correct-horse end\n',
    secrets: { word: 'correct-horse' },
  });
  place.hub.get(id).secretsGone = true;
  place.hub.get(id).log = [Buffer.from('begin ')];
  place.hub.get(id).bytes = 6;

  await place.start();
  const result = await place.hub.result(id);

  assert.equal(place.hub.log(id).toString(), 'begin ');
  assert.deepEqual(
    [result.outcome, result.outputs, result.log.complete, result.log.gaps],
    ['succeeded', null, false, [{ at: 6, bytes: null, why: 'secrets-gone' }]],
  );
});

test('A hub that lost its last bytes asks for them again and gets the same', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `seq 1 1000; ${waitFor('go')}; echo end` } });
  await place.hub.until(() => place.hub.get(id).bytes === 3_893, 'the first part');

  place.hub.truncate(id, 1_234);
  await place.hub.session(id)?.send({ type: 'rewind', offset: 1_234 });
  await place.hub.until(() => place.hub.get(id).bytes === 3_893, 'the first part again');
  place.hub.truncate(id, 0);
  await place.open('go');
  const result = await place.hub.result(id);

  assert.equal(place.hub.log(id).length, 3_897);
  assert.equal(result.log.sha256, place.hub.digest(id));
});

test('A result is sent as often as it takes, always the same, also when only its acceptance was lost', async () => {
  await using place = await createAgentPlace();
  let lost = 0;
  place.hub.intercept = async (frame, channel, attempt) => {
    if (frame.type !== 'result' || lost === 3) return false;
    lost += 1;
    if (lost === 3) attempt.result = frame.result;
    await channel.close();
    return true;
  };
  const first = await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  await place.hub.until(() => lost >= 1, 'a result that is lost');
  await first[Symbol.asyncDispose]();

  await place.start();
  await place.hub.until(() => lost === 3, 'the result to be sent again');
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');

  const { results } = place.hub.get(id);
  assert.equal(new Set(results).size, 1);
  assert.equal(place.hub.get(id).opens.at(-1)?.have, 'ended');
});

test('A session that the hub replaces, or has no time for, is opened again and nothing is lost', async () => {
  await using place = await createAgentPlace();
  let refusals = 0;
  place.hub.intercept = async (frame, channel) => {
    if (frame.type !== 'open' || refusals === 3) return false;
    const code = (['session-replaced', 'overloaded', 'wrong-agent'] as const)[refusals] ?? 'overloaded';
    refusals += 1;
    await channel.send({ type: 'error', code, message: code, retryAfterMs: null });
    return true;
  };
  await place.start();

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  const result = await place.hub.result(id);

  assert.equal(result.outcome, 'succeeded');
  assert.equal(place.hub.log(id).toString(), 'hello\n');
});

test('An attempt that the hub does not know keeps its folder and its process, and is asked about again', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo up; ${waitFor('go')}` } });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
  const attempt = place.hub.get(id);

  attempt.unknown = true;
  await place.hub.session(id)?.close();
  await place.hub.until(() => attempt.opens.length >= 3, 'the attempt to be asked about again');
  await place.open('go');
  await place.hub.until(() => existsSync(join(place.attemptFolder(id), 'result.json')), 'the seal');
  attempt.unknown = false;

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('A hub that keeps nothing of what it is sent is given time, and a new session each time', async () => {
  await using place = await createAgentPlace();
  place.hub.intercept = (frame) => frame.type === 'log';
  await place.start();

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo 12345' } });
  await place.hub.until(() => place.hub.get(id).opens.length > 2, 'a third session');
  place.hub.intercept = () => false;
  const result = await place.hub.result(id);

  assert.equal(place.hub.log(id).toString(), '12345\n');
  assert.deepEqual([result.log.bytes, result.log.complete], [6, true]);
});

test('A hub that never answers is asked again on a new session', async () => {
  await using place = await createAgentPlace();
  place.hub.intercept = (frame, _channel, { opens }) => frame.type === 'open' && opens.length === 1;
  const session = { ...testLimits.attempt.session, answerMs: 50 };
  await place.start({ limits: { ...testLimits, attempt: { ...testLimits.attempt, session } } });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('A hub that never answers a result is given it again on a new session', async () => {
  await using place = await createAgentPlace();
  place.hub.intercept = (frame, _channel, { results }) => frame.type === 'result' && results.length === 1;
  const session = { ...testLimits.attempt.session, answerMs: 100 };
  await place.start({ limits: { ...testLimits, attempt: { ...testLimits.attempt, session } } });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
  assert.equal(new Set(place.hub.get(id).results).size, 1);
});

test('A hub puts a session off for no longer than it may', async () => {
  await using place = await createAgentPlace();
  place.hub.intercept = async (frame, channel, { opens }) => {
    if (frame.type !== 'open' || opens.length > 1) return false;
    await channel.send({ type: 'error', code: 'overloaded', message: 'later', retryAfterMs: 3_600_000 });
    return true;
  };
  const session = { ...testLimits.attempt.session, maxHintMs: 100 };
  await place.start({ limits: { ...testLimits, attempt: { ...testLimits.attempt, session } } });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('A job that comes without its document is asked for again', async () => {
  await using place = await createAgentPlace();
  const nothing = { document: null, secrets: null, secretsGone: false, store: null } as const;
  place.hub.intercept = async (frame, channel, { opens }) => {
    if (frame.type !== 'open' || opens.length > 1) return false;
    await channel.send({ type: 'job', offset: 0, desired: 'run', ...nothing });
    return true;
  };
  await place.start();

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('How far the hub is, which a session tells, is known to the agent from there on', async () => {
  await using place = await createAgentPlace();
  place.hub.startId = randomUUID();
  const { storeId, startId } = place.hub;
  place.hub.intercept = async (frame, channel, { opens }) => {
    if (frame.type !== 'open' || opens.length > 1) return false;
    const nothing = { document: null, secrets: null, secretsGone: false } as const;
    await channel.send({
      type: 'job',
      offset: 0,
      desired: 'run',
      ...nothing,
      store: { storeId, startId, commits: 99 },
    });
    return true;
  };
  await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.result(id);

  await place.hub.cutControl();
  await place.hub.until(() => place.hub.hellos.length > 1, 'another hello');

  assert.equal(place.hub.hellos.at(-1)?.seen?.commits, 99);
});

test('Secrets are not asked for where there is nothing to mask', async () => {
  await using place = await createAgentPlace();
  const id = await plant(place, { document: 'this-boot', started: recovered, secrets: { word: 'hush' } });

  await place.start();

  assert.equal((await place.hub.result(id)).started, false);
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');
  assert.equal(place.hub.get(id).opens.at(-1)?.have, 'ended');
  assert.equal(place.hub.get(id).opens.at(-1)?.needsSecrets, false);
});

test('Each piece of the stream says when it was seen', async () => {
  await using place = await createAgentPlace();
  const from = Date.now();
  await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo one; ${waitFor('go')}; echo two` } });
  await place.hub.until(() => place.hub.log(id).length === 4, 'the first line');
  const between = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 150));
  await place.open('go');
  await place.hub.result(id);

  const [one, two] = place.hub.get(id).times;
  assert.ok(one !== undefined && one.at >= from && one.at <= between);
  assert.ok(two !== undefined && two.offset === 4 && two.at > between);
});

/** The disk, with a word on each flush of a result. */
function withResultFlushes(onFlush: () => void): FileSystem {
  return {
    ...systemFileSystem,
    async open(path, flags, mode) {
      const handle = await systemFileSystem.open(path, flags, mode);
      if (!path.endsWith('/result.json')) return handle;
      const sync = async () => {
        await handle.sync();
        onFlush();
      };
      return { ...handle, sync };
    },
  };
}

/** The time after which a result is flushed all the same never comes. */
const neverLate: Clock = {
  ...systemClock,
  schedule: (delayMs, callback, options) =>
    delayMs === 100 ? { cancel: () => {} } : systemClock.schedule(delayMs, callback, options),
};

test('A result is sent without waiting for the disk', async () => {
  await using place = await createAgentPlace();
  let flushes = 0;
  await place.start({ clock: neverLate, fileSystem: withResultFlushes(() => (flushes += 1)) });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  const result = await place.hub.result(id);
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');

  assert.equal(result.outcome, 'succeeded');
  assert.equal(flushes, 0);
});

test('A result that the hub has not taken when the agent leaves is made durable', async () => {
  await using place = await createAgentPlace();
  let flushes = 0;
  place.hub.intercept = (frame) => frame.type === 'result';
  const agent = await place.start({ clock: neverLate, fileSystem: withResultFlushes(() => (flushes += 1)) });
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  await place.hub.until(() => agent.status().attempts.some(({ state }) => state === 'holding'), 'the result');
  const before = flushes;

  await agent[Symbol.asyncDispose]();

  assert.equal(before, 0);
  assert.equal(flushes > 0, true);
  assert.equal(existsSync(place.attemptFolder(id)), true);
});

test('A result that the hub does not take is made durable', async () => {
  await using place = await createAgentPlace();
  let flushes = 0;
  place.hub.intercept = (frame) => frame.type === 'result' && flushes === 0;
  await place.start({ fileSystem: withResultFlushes(() => (flushes += 1)) });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  await place.hub.until(() => flushes > 0, 'the flush');
  await place.hub.session(id)?.close();

  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});
