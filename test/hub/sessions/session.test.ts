import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withSecretsGone } from '../../../agent/attempts/attempt-seal.ts';
import { IdentityError } from '../../../hub/identity/identity-error.ts';
import { LogError } from '../../../hub/logs/log-error.ts';
import type { UnknownFrame } from '../../../protocol/parse-frame.ts';
import type { HubFrame } from '../../../protocol/session-frame.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import {
  type BenchSession,
  bindLogs,
  createSessionBench,
  folderId,
  resultFor,
  type SessionBench,
} from './session-bench.ts';

checkLeaks();

async function expectJob(session: BenchSession): Promise<Extract<HubFrame, { type: 'job' }>> {
  const frame = await session.next();
  assert.equal(frame?.type, 'job', JSON.stringify(frame));
  return frame as Extract<HubFrame, { type: 'job' }>;
}

async function expectError(session: BenchSession, code: string): Promise<void> {
  let frame = await session.next();
  while (frame?.type === 'ack') frame = await session.next();
  assert.equal(frame?.type === 'error' ? frame.code : frame?.type, code);
  assert.equal((await session.channel.closed).type, 'remote');
}

/** Skips acknowledgements. */
async function lastWord(session: BenchSession): Promise<HubFrame | UnknownFrame | null> {
  for (;;) {
    const frame = await session.next();
    if (frame?.type !== 'ack') return frame;
  }
}

function log(offset: number, text: string) {
  return { type: 'log', offset, at: Date.now(), bytes: Buffer.from(text) } as const;
}

async function readLog(bench: SessionBench, attempt: string): Promise<string> {
  let text = '';
  for await (const bytes of bench.logs.read(attempt, 0, await bench.logs.length(attempt)))
    text += Buffer.from(bytes).toString();
  return text;
}

describe('a session at the hub', () => {
  it('gives the document once the store knows that it does, takes log and result, and ends the job', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer({ secrets: { password: 'pa$$' } });
    const session = await bench.open(attempt);

    const job = await expectJob(session);
    const between = await bench.job(jobId);
    await session.send(log(0, 'one\n'));
    await session.send(log(4, 'two\n'));
    await session.send({ type: 'result', result: resultFor('one\ntwo\n') });
    const word = await lastWord(session);

    assert.equal(job.document?.automation, 'greet');
    assert.deepEqual(job.secrets, { password: 'pa$$' });
    assert.deepEqual(job.document?.secretNames, ['password']);
    assert.equal(between.state, 'running');
    assert.equal(word?.type, 'accepted');
    const ended = await bench.job(jobId);
    assert.equal(ended.state, 'succeeded');
    assert.deepEqual(ended.outputs, { ok: true });
    assert.equal(ended.log?.complete, true);
    assert.equal(await readLog(bench, attempt), 'one\ntwo\n');
  });

  it('accepts the same result again, also long after', async () => {
    await using bench = await createSessionBench();
    const { attempt } = await bench.offer();
    const first = await bench.open(attempt);
    await expectJob(first);
    await first.send({ type: 'result', result: resultFor('') });
    assert.equal((await lastWord(first))?.type, 'accepted');

    const again = await bench.open(attempt, { have: 'ended' });

    assert.equal((await again.next())?.type, 'accepted');
  });

  it('resumes at the byte it has after a cut, and asks for what a result says is missing', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer();
    const first = await bench.open(attempt);
    await expectJob(first);
    await first.send(log(0, 'abc'));
    assert.deepEqual(await first.next(), { type: 'ack', offset: 3 });
    await first.channel.close();

    const second = await bench.open(attempt, { have: 'started', needsDocument: false });
    const job = await expectJob(second);
    await second.send({ type: 'result', result: resultFor('abcdef') });
    const rewind = await lastWord(second);
    await second.send(log(3, 'def'));
    await second.send({ type: 'result', result: resultFor('abcdef') });
    const word = await lastWord(second);

    assert.equal(job.offset, 3);
    assert.equal(job.document, null);
    assert.deepEqual(rewind, { type: 'rewind', offset: 3 });
    assert.equal(word?.type, 'accepted');
    assert.equal((await bench.job(jobId)).state, 'succeeded');
    assert.equal(await readLog(bench, attempt), 'abcdef');
  });

  it('says at once that it cannot keep a log, also to an agent that waits to be told of what it sent', async () => {
    let failing = true;
    await using bench = await createSessionBench({
      wrapLogs: (logs) => ({
        ...bindLogs(logs),
        async write(attempt) {
          const writer = await logs.write(attempt);
          const flush = () => (failing ? Promise.reject(new LogError('full', 'no room')) : writer.flush());
          return {
            get durable() {
              return writer.durable;
            },
            get length() {
              return writer.length;
            },
            append: (bytes, at) => writer.append(bytes, at),
            digest: () => writer.digest(),
            flush,
            [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
          };
        },
      }),
    });
    const { jobId, attempt } = await bench.offer();
    const session = await bench.open(attempt);
    await expectJob(session);

    await session.send(log(0, 'abc'));
    const word = await session.next();
    failing = false;
    const again = await bench.open(attempt, { have: 'started', needsDocument: false });
    const job = await expectJob(again);
    await again.send(log(job.offset, 'abcdef'.slice(job.offset)));
    await again.send({ type: 'result', result: resultFor('abcdef') });

    assert.equal(word?.type === 'error' && word.code, 'overloaded');
    assert.ok(word?.type === 'error' && (word.retryAfterMs ?? 0) > 0);
    assert.match(word.message, /cannot store/);
    assert.equal((await lastWord(again))?.type, 'accepted');
    assert.equal((await bench.job(jobId)).log?.complete, true);
  });

  it('starts no job whose secrets it cannot open any more, and takes the result of one that runs', async () => {
    await using bench = await createSessionBench({
      openSecrets: () => {
        throw new IdentityError('sealed-invalid', 'another key');
      },
    });
    const [waiting, running] = [
      await bench.offer({ secrets: { password: 'x' } }),
      await bench.offer({ secrets: { password: 'x' } }),
    ];

    const first = await expectJob(await bench.open(waiting.attempt));
    const second = await bench.open(running.attempt, { have: 'started', needsDocument: false });
    const job = await expectJob(second);
    const gaps = [{ at: 0, bytes: null, why: 'secrets-gone' as const }];
    await second.send({
      type: 'result',
      result: resultFor('', { log: { ...resultFor('').log, complete: false, gaps } }),
    });

    assert.deepEqual([first.desired, first.document, first.secrets], ['cancel', null, null]);
    assert.deepEqual([job.desired, job.secrets, job.secretsGone], ['run', null, true]);
    assert.equal((await lastWord(second))?.type, 'accepted');
  });

  it('takes a result that was sealed before its secrets went, and calls its log what it is', async () => {
    let sealedElsewhere = false;
    await using bench = await createSessionBench({
      openSecrets: (_job, sealed) => {
        if (sealedElsewhere) throw new IdentityError('sealed-invalid', 'another key');
        return JSON.parse(Buffer.from(sealed).toString());
      },
    });
    const { jobId, attempt } = await bench.offer({ secrets: { password: 'x' } });
    const first = await bench.open(attempt);
    await expectJob(first);
    await first.send(log(0, 'begin '));
    assert.deepEqual(await first.next(), { type: 'ack', offset: 6 });
    await first.channel.close();
    sealedElsewhere = true;

    const second = await bench.open(attempt, { have: 'ended', needsDocument: false });
    const job = await expectJob(second);
    await second.send({ type: 'result', result: withSecretsGone(resultFor('begin *** end\n'), job.offset) });

    assert.deepEqual([job.secretsGone, job.offset], [true, 6]);
    assert.equal((await lastWord(second))?.type, 'accepted');
    const ended = await bench.job(jobId);
    assert.deepEqual([ended.state, ended.log?.bytes, ended.log?.complete], ['succeeded', 6, false]);
    assert.deepEqual(ended.log?.gaps, [{ at: 6, bytes: 8, why: 'secrets-gone' }]);
    assert.equal(await readLog(bench, attempt), 'begin ');
  });

  it('keeps what it has of a log that a power loss made shorter at the agent', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer();
    const first = await bench.open(attempt);
    await expectJob(first);
    await first.send(log(0, 'hello\n'));
    assert.deepEqual(await first.next(), { type: 'ack', offset: 6 });
    await first.channel.close();

    const second = await bench.open(attempt, { have: 'started', needsDocument: false, rawBytes: 3 });
    const job = await expectJob(second);
    const gaps = [{ at: 3, bytes: null, why: 'power-loss' as const }];
    const result = resultFor('hel', {
      outcome: 'lost',
      cause: 'process-lost',
      exitCode: null,
      outputs: null,
      log: { ...resultFor('hel').log, complete: false, gaps },
    });
    await second.send({ type: 'result', result });

    assert.equal(job.offset, 6);
    assert.equal((await lastWord(second))?.type, 'accepted');
    const ended = await bench.job(jobId);
    assert.deepEqual([ended.state, ended.cause], ['lost', 'process-lost']);
    assert.deepEqual([ended.log?.bytes, ended.log?.complete, ended.log?.gaps], [6, false, gaps]);
    assert.equal(await readLog(bench, attempt), 'hello\n');
  });

  it('gives the document again to the folder that has not got it, and to no other', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer();
    await expectJob(await bench.open(attempt));

    const same = await expectJob(await bench.open(attempt));
    const other = await bench.open(attempt, { folderId: '22222222-2222-4222-8222-222222222222' });

    assert.notEqual(same.document, null);
    await expectError(other, 'attempt-withdrawn');
    const job = await bench.job(jobId);
    assert.equal(job.state, 'lost');
    assert.equal(job.cause, 'state-lost');
  });

  it('ends the older session when a newer one opens, and believes none that sat in a proxy', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer();
    const older = await bench.open(attempt, { opens: 5 });
    await expectJob(older);
    const newer = await bench.open(attempt, { opens: 6, have: 'document', needsDocument: false });
    await expectJob(newer);

    await expectError(older, 'session-replaced');
    await expectError(await bench.open(attempt, { opens: 4 }), 'session-replaced');
    await newer.send(log(0, 'x'));
    await newer.send({ type: 'result', result: resultFor('x') });

    assert.equal((await lastWord(newer))?.type, 'accepted');
    assert.equal((await bench.job(jobId)).state, 'succeeded');
  });

  it('ends an older session that had not begun when a newer one came, and serves the newer', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer();
    const [older, newer] = await Promise.all([
      bench.open(attempt, { opens: 5 }),
      bench.open(attempt, { opens: 6, have: 'document', needsDocument: false }),
    ]);

    await expectJob(newer);
    await expectError(older, 'session-replaced');
    await newer.send({ type: 'result', result: resultFor('') });

    assert.equal((await lastWord(newer))?.type, 'accepted');
    assert.equal((await bench.job(jobId)).state, 'succeeded');
  });

  it('tells an agent that has only claimed that the job is to be cancelled, and sends no document', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer({ secrets: { password: 'hunter2' } });
    await expectJob(await bench.open(attempt));
    await bench.store.apply('cancel-job', { account: 'default', jobId, actor: 'test', at: Date.now() });

    const session = await bench.open(attempt, { folderId, needsSecrets: true });
    const job = await expectJob(session);
    await session.send({
      type: 'result',
      result: resultFor('', {
        outcome: 'cancelled',
        cause: 'cancelled',
        started: false,
        exitCode: null,
        outputs: null,
      }),
    });

    assert.equal(job.desired, 'cancel');
    assert.deepEqual([job.document, job.secrets], [null, null]);
    assert.equal((await lastWord(session))?.type, 'accepted');
    const ended = await bench.job(jobId);
    assert.equal(ended.state, 'cancelled');
    assert.equal(ended.started, false);
  });

  it('frees the folder of an attempt that was withdrawn before its document', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer();
    await bench.store.apply('cancel-job', { account: 'default', jobId, actor: 'test', at: Date.now() });

    await expectError(await bench.open(attempt), 'attempt-withdrawn');
    assert.equal((await bench.job(jobId)).state, 'cancelled');
  });

  it('knows whose attempt it is', async () => {
    await using bench = await createSessionBench();
    const { attempt } = await bench.offer();

    await expectError(await bench.open(attempt, {}, '33333333-3333-4333-8333-333333333333'), 'wrong-agent');
    await expectError(await bench.open('44444444-4444-4444-8444-444444444444'), 'unknown-attempt');
    await expectError(await bench.open(attempt, { attempt: '44444444-4444-4444-8444-444444444444' }), 'invalid-frame');
  });

  it('queues a job again that was proved never to have started', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt } = await bench.offer();
    const session = await bench.open(attempt);
    await expectJob(session);

    await session.send({
      type: 'result',
      result: resultFor('', {
        outcome: 'never-started',
        cause: 'start-failed',
        started: false,
        exitCode: null,
        outputs: null,
      }),
    });

    assert.equal((await lastWord(session))?.type, 'accepted');
    assert.equal((await bench.job(jobId)).state, 'queued');
  });
});
