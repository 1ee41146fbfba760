import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Problem } from '../../../protocol/problem.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type ApiHarness, startApi } from './api-harness.ts';
import { enrolAgent, startAttempt, submitJob } from './job-run.ts';

checkLeaks();

async function endJob(api: ApiHarness): Promise<string> {
  const id = await submitJob(api);
  const run = await startAttempt(api, id, await enrolAgent(api, `agent-of-${id}`));
  await run.write('hello\n');
  await run.end();
  return id;
}

describe('what retention removed', () => {
  it('a log is told to be gone, in whatever way it is asked for, and the job says when it went', async () => {
    await using api = await startApi();
    const id = await endJob(api);
    const at = Date.parse('2030-01-01T00:00:00Z');
    await api.store.apply('remove-logs', { bytes: 1, endedBefore: Number.MAX_SAFE_INTEGER, after: null, at });

    const { json: job } = await api.call(`/api/v1/jobs/${id}`);
    const { json: attempts } = await api.call(`/api/v1/jobs/${id}/attempts`);
    const answers = await Promise.all(
      ['log', 'log?follow=true', 'log?timestamps=true', 'attempts/1/log'].map((path) =>
        api.call(`/api/v1/jobs/${id}/${path}`),
      ),
    );
    const ranged = await api.call(`/api/v1/jobs/${id}/log`, { headers: { range: 'bytes=0-1' } });

    assert.deepEqual([job.log.bytes, job.log.removedAt], [6, '2030-01-01T00:00:00.000Z']);
    assert.deepEqual(attempts.items[0].log, job.log);
    for (const { status, json } of [...answers, ranged]) {
      const problem = Problem.parse(json);
      assert.deepEqual([status, problem.code], [410, 'log-removed']);
      assert.match(problem.detail, /6 bytes.*2030-01-01T00:00:00.000Z.*FARHAND_KEEP_LOG_BYTES/);
    }
  });

  it('a job is not there any more, and its idempotency key is free', async () => {
    await using api = await startApi();
    const headers = { 'idempotency-key': 'k' };
    const body = { automation: 'greet' };
    const { json: first } = await api.call('/api/v1/jobs', { body, headers });
    await api.call(`/api/v1/jobs/${first.id}/cancel`, { method: 'POST' });
    const before = await api.call('/api/v1/jobs', { body, headers });
    const bounds = { endedBefore: Number.MAX_SAFE_INTEGER, settledBefore: 0, at: Date.now() };
    await api.store.apply('remove-jobs', { account: 'default', ...bounds });

    const gone = await api.call(`/api/v1/jobs/${first.id}`);
    const anew = await api.call('/api/v1/jobs', { body, headers });

    assert.deepEqual([before.status, gone.status, anew.status], [200, 404, 201]);
    assert.notEqual(anew.json.id, first.id);
  });

  it('a reader of events that was away for too long is told so, one that begins anew is not', async () => {
    await using api = await startApi();
    const id = await submitJob(api);
    await submitJob(api);
    await api.store.apply('remove-audit', { before: Number.MAX_SAFE_INTEGER, at: Date.now() });
    const removedThrough = await api.store.queries.auditRemovedThrough();
    const statusOf = async (path: string, lastEventId: string | null) => {
      const leaving = new AbortController();
      const headers: Record<string, string> = lastEventId === null ? {} : { 'last-event-id': lastEventId };
      const { status } = await api.fetch(path, { headers, signal: leaving.signal });
      leaving.abort();
      return status;
    };

    const told = await api.call('/api/v1/events', { headers: { 'last-event-id': '1' } });
    const ofJob = await statusOf(`/api/v1/jobs/${id}/events`, '1');
    const others = await Promise.all(
      [null, '0', String(removedThrough)].map((lastEventId) => statusOf('/api/v1/events', lastEventId)),
    );

    assert.deepEqual([told.status, told.json.code, ofJob], [410, 'events-removed', 410]);
    assert.deepEqual(others, [200, 200, 200]);
  });
});
