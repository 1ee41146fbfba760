import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UnknownFrame } from '../../../protocol/parse-frame.ts';
import type { HubFrame, OpenFrame } from '../../../protocol/session-frame.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { until } from '../../support/until.ts';
import { type BenchSession, bindLogs, createSessionBench, resultFor, type SessionBench } from './session-bench.ts';

checkLeaks();

const runnerFolder = '33333333-3333-4333-8333-333333333333';
const otherFolder = '44444444-4444-4444-8444-444444444444';

type JobFrame = Extract<HubFrame, { type: 'job' }>;

async function expectJob(session: BenchSession): Promise<JobFrame> {
  const frame = await session.next();
  assert.equal(frame?.type, 'job', JSON.stringify(frame));
  return frame as JobFrame;
}

/** Skips acknowledgements. */
async function lastWord(session: BenchSession): Promise<HubFrame | UnknownFrame | null> {
  for (;;) {
    const frame = await session.next();
    if (frame?.type !== 'ack') return frame;
  }
}

async function expectError(session: BenchSession, code: string): Promise<void> {
  const frame = await lastWord(session);
  assert.equal(frame?.type === 'error' ? frame.code : frame?.type, code);
}

/** Offers a job and hands it over: the ticket. */
async function handOver(
  bench: SessionBench,
  over: { readonly secrets?: Readonly<Record<string, string>> } = {},
  ticketSeconds?: number,
) {
  const { jobId, attempt } = await bench.offer(over);
  const waits = ticketSeconds === undefined ? {} : { ticketSeconds };
  const agent = await bench.open(attempt, { handsOver: true, needsSecrets: false, ...waits });
  const job = await expectJob(agent);
  await agent.channel.close();
  const ticket = job.handover?.ticket ?? null;
  assert.ok(ticket !== null);
  return { jobId, attempt, job, ticket };
}

function openRunner(bench: SessionBench, attempt: string, ticket: string, over: Partial<OpenFrame> = {}) {
  const runner = { leaseEpoch: 1, opens: 1, folderId: runnerFolder, needsSecrets: true };
  return bench.open(attempt, { ...runner, ...over }, `ticket=${ticket}`);
}

function log(offset: number, text: string) {
  return { type: 'log', offset, at: Date.now(), bytes: Buffer.from(text) } as const;
}

describe('a session of a runner', () => {
  it('brings document and secrets, which the agent that handed over was not told, and ends the job', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt, job: agents, ticket } = await handOver(bench, { secrets: { password: 'hunter2' } });

    const runner = await openRunner(bench, attempt, ticket);
    const job = await expectJob(runner);
    await runner.send(log(0, 'hello\n'));
    await runner.send({ type: 'result', result: resultFor('hello\n') });

    assert.deepEqual([agents.secrets, agents.handover?.runnerCame], [null, false]);
    assert.deepEqual(job.secrets, { password: 'hunter2' });
    assert.deepEqual([job.document?.attempt, job.handover], [attempt, undefined]);
    assert.equal((await lastWord(runner))?.type, 'accepted');
    const ended = await bench.job(jobId);
    assert.deepEqual([ended.state, ended.log?.bytes, ended.log?.complete], ['succeeded', 6, true]);
  });

  it('is let in as late as its agent said that a pod may wait, and no later', async () => {
    let lateMs = 0;
    const ticketClock = { ...systemClock, now: () => Date.now() + lateMs };
    await using bench = await createSessionBench({ ticketClock });
    const { attempt, ticket } = await handOver(bench, {}, 10_800);

    lateMs = 10_700_000;
    const runner = await openRunner(bench, attempt, ticket);
    assert.ok((await expectJob(runner)).document !== null);
    const second = await handOver(bench, {}, 10_800);
    lateMs += 10_900_000;
    await assert.rejects(openRunner(bench, second.attempt, second.ticket));
    // One that came in time goes on for as long as it takes.
    assert.ok((await expectJob(await openRunner(bench, attempt, ticket, { opens: 2 }))).document !== null);
  });

  it('is for one folder: a second runner with the same ticket is sent away, and the first goes on', async () => {
    await using bench = await createSessionBench();
    const { attempt, ticket } = await handOver(bench);
    const first = await openRunner(bench, attempt, ticket);
    await expectJob(first);

    const second = await openRunner(bench, attempt, ticket, { folderId: otherFolder });

    await expectError(second, 'attempt-withdrawn');
    await first.send({ type: 'result', result: resultFor('') });
    assert.equal((await lastWord(first))?.type, 'accepted');
  });

  it('is the only one: no ticket is made once a runner came, or the agent has the attempt back', async () => {
    await using bench = await createSessionBench();
    const came = await handOver(bench);
    const runner = await openRunner(bench, came.attempt, came.ticket);
    await expectJob(runner);
    const again = await expectJob(await bench.open(came.attempt, { handsOver: true, needsSecrets: false }));
    assert.deepEqual(again.handover, { ticket: null, runnerCame: true });

    const back = await handOver(bench);
    const document = { have: 'document', needsDocument: false, needsSecrets: false } as const;
    await expectJob(await bench.open(back.attempt, document));
    const late = await expectJob(await bench.open(back.attempt, { ...document, handsOver: true }));

    assert.deepEqual(late.handover, { ticket: null, runnerCame: false });
  });

  it('does not begin while the store may be an older copy, and comes back; one that has its document goes on', async () => {
    let held: 'store-behind' | null = null;
    await using bench = await createSessionBench({ whyHeld: () => held });
    const { attempt, ticket } = await handOver(bench);
    held = 'store-behind';

    await expectError(await openRunner(bench, attempt, ticket), 'overloaded');
    held = null;
    const runner = await openRunner(bench, attempt, ticket, { opens: 2 });
    const given = await expectJob(runner);
    await runner.channel.close();
    held = 'store-behind';
    const again = await openRunner(bench, attempt, ticket, { opens: 3, have: 'document', needsDocument: false });

    assert.notEqual(given.document, null);
    assert.equal((await expectJob(again)).desired, 'run');
  });

  it('is told at once when the job is to be cancelled', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt, ticket } = await handOver(bench);
    const runner = await openRunner(bench, attempt, ticket);
    const begun = await expectJob(runner);

    await bench.store.apply('cancel-job', { account: 'default', jobId, actor: 'test', at: Date.now() });
    const told = await expectJob(runner);

    assert.deepEqual([begun.desired, told.desired, told.document, told.secrets], ['run', 'cancel', null, null]);
  });

  it('is told of a wish to cancel that came while its log was opened', async () => {
    const { promise: mayOpen, resolve: letOpen } = Promise.withResolvers<void>();
    let gate = Promise.resolve();
    await using bench = await createSessionBench({
      wrapLogs: (logs) => ({
        ...bindLogs(logs),
        write: async (attempt) => {
          await gate;
          return logs.write(attempt);
        },
      }),
    });
    const { jobId, attempt, ticket } = await handOver(bench);
    gate = mayOpen;
    const runner = await openRunner(bench, attempt, ticket);
    await until(
      'the runner to have the attempt',
      async () => ((await bench.store.queries.attempt(attempt))?.handover?.runner ?? null) !== null,
    );

    await bench.store.apply('cancel-job', { account: 'default', jobId, actor: 'test', at: Date.now() });
    letOpen();

    assert.deepEqual([(await expectJob(runner)).desired, (await expectJob(runner)).desired], ['run', 'cancel']);
  });

  it('is told at once when its agent has lost the attempt', async () => {
    await using bench = await createSessionBench();
    const { attempt, ticket } = await handOver(bench);
    const runner = await openRunner(bench, attempt, ticket);
    await expectJob(runner);

    const report = { type: 'declined', reason: 'state-lost', message: null } as const;
    await bench.store.apply('report-attempt', {
      attemptId: attempt,
      agentId: bench.agentId,
      report,
      at: Date.now(),
    });

    await expectError(runner, 'attempt-withdrawn');
  });

  it('counts to its end when the agent takes the attempt back: what the runner had sent is stored first', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt, ticket } = await handOver(bench);
    const runner = await openRunner(bench, attempt, ticket);
    await expectJob(runner);
    await runner.send(log(0, 'hello\n'));
    await runner.send({ type: 'result', result: resultFor('hello\n') });
    await runner.channel.close();

    const agent = await bench.open(attempt, { have: 'document', needsDocument: false });

    assert.equal((await lastWord(agent))?.type, 'accepted');
    assert.equal((await bench.job(jobId)).state, 'succeeded');
  });

  it('leaves what it sent to the agent that takes the attempt back, and is not heard any more', async () => {
    await using bench = await createSessionBench();
    const { jobId, attempt, ticket } = await handOver(bench);
    const runner = await openRunner(bench, attempt, ticket);
    await expectJob(runner);
    await runner.send(log(0, 'hello\n'));
    assert.equal((await runner.next())?.type, 'ack');
    await runner.channel.close();

    const agent = await bench.open(attempt, { have: 'document', needsDocument: false });
    const job = await expectJob(agent);
    const late = await openRunner(bench, attempt, ticket, { have: 'document', opens: 2 });
    await expectError(late, 'attempt-withdrawn');
    const result = resultFor('', { outcome: 'lost', cause: 'process-lost', exitCode: null, outputs: null });
    const gaps = [{ at: 6, bytes: null, why: 'runner-gone' as const }];
    await agent.send({ type: 'result', result: { ...result, log: { ...result.log, complete: false, gaps } } });

    assert.deepEqual([job.offset, job.handover], [6, { ticket: null, runnerCame: true }]);
    assert.equal((await lastWord(agent))?.type, 'accepted');
    const { state, log: stored } = await bench.job(jobId);
    assert.deepEqual([state, stored?.bytes, stored?.complete, stored?.gaps], ['lost', 6, false, gaps]);
  });

  it('tells the agent that takes back before any runner came that none ever did', async () => {
    await using bench = await createSessionBench();
    const { attempt, ticket } = await handOver(bench);

    const job = await expectJob(await bench.open(attempt, { have: 'document', needsDocument: false }));

    assert.deepEqual(job.handover, { ticket: null, runnerCame: false });
    await expectError(await openRunner(bench, attempt, ticket), 'attempt-withdrawn');
  });
});
