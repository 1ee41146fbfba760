import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { EventPlaces } from '../../../hub/api/event-places.ts';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';
import { ApiEvent } from '../../../protocol/api-event.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type ApiHarness, startApi } from './api-harness.ts';
import { enrolAgent, startAttempt, submitJob } from './job-run.ts';

checkLeaks();

interface SeenEvent {
  readonly id: string;
  readonly event: string;
  readonly object: string;
}

/** Reads a stream of events until `last` has come, and hangs up. */
async function readEvents(
  api: ApiHarness,
  path: string,
  last: string,
  {
    token,
    headers = {},
    attached = async () => {},
  }: { token?: string; headers?: Record<string, string>; attached?: () => Promise<void> } = {},
): Promise<SeenEvent[]> {
  const leaving = new AbortController();
  const response = await api.fetch(path, {
    headers,
    signal: leaving.signal,
    ...(token === undefined ? {} : { token }),
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const attaching = attached();
  let text = '';
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString();
    if (text.includes(`event: ${last}\n`) && text.endsWith('\n\n')) break;
  }
  leaving.abort();
  await attaching;
  return text
    .split('\n\n')
    .filter((block) => /^id: .*\nevent: /.test(block))
    .map((block) => {
      const [, id = '', event = '', data = ''] = /^id: (\S+)\nevent: (\S+)\ndata: (.*)$/.exec(block) ?? [];
      return { id, event, object: JSON.parse(data).object };
    });
}

describe('events', () => {
  it('of a job tell all that happened to it, and then what happens', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const id = await submitJob(api);
    const run = await startAttempt(api, id, agent);
    await submitJob(api);

    const events = await readEvents(api, `/api/v1/jobs/${id}/events`, 'job.succeeded', { attached: () => run.end() });

    assert.deepEqual(
      events.map(({ event }) => event).filter((event) => event.startsWith('job.')),
      ['job.queued', 'job.offered', 'job.running', 'job.succeeded'],
    );
    assert.deepEqual(new Set(events.map(({ object }) => object)), new Set([`job:${id}`]));
  });

  it('of a job tell how far it is, without a place to come back to: the newest at once, then what is new', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const id = await submitJob(api);
    await startAttempt(api, id, agent);
    const leaving = new AbortController();
    const response = await api.fetch(`/api/v1/jobs/${id}/events`, { signal: leaving.signal });

    let text = '';
    const told: unknown[] = [];
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece).toString();
      const blocks = text.split('\n\n');
      const seen = blocks.slice(0, -1).filter((block) => block.startsWith('event: job.progress\n'));
      for (const block of seen.slice(told.length)) told.push(JSON.parse(block.slice(block.indexOf('data: ') + 6)));
      if (told.length === 1) api.view.tellProgress(id, { percent: 80, message: 'nearly', outputs: { files: 3 } });
      if (told.length === 2) break;
    }
    leaving.abort();

    for (const event of told) ApiEvent.parse(event);
    assert.deepEqual(
      told.map((event) => (event as { data: unknown }).data),
      [
        { percent: 40, message: null, outputs: null },
        { percent: 80, message: 'nearly', outputs: { files: 3 } },
      ],
    );
    const stored = await api.store.queries.auditOf('default', `job:${id}`, 0, 100);
    assert.ok(!stored.some(({ action }) => action === 'job.progress'));
  });

  it('of an account begin now, and tell of jobs and agents of that account', async () => {
    await using api = await startApi();
    await submitJob(api);
    const other = await api.makeToken('operator', 'other');
    let id = '';

    const events = await readEvents(api, '/api/v1/events', 'job.cancelled', {
      attached: async () => {
        await submitJob(api, { automation: 'theirs' }, other);
        await api.makeToken('viewer', 'default');
        await enrolAgent(api, 'a1');
        id = await submitJob(api);
        await api.call(`/api/v1/jobs/${id}/cancel`, { method: 'POST' });
      },
    });

    assert.deepEqual(
      events.map(({ event }) => event),
      ['agent.enrolled', 'agent.online', 'job.queued', 'job.cancelled'],
    );
    assert.equal(events.at(-1)?.object, `job:${id}`);
  });

  it('do not say who was turned away, and from where', async () => {
    await using api = await startApi();
    const refusal = { account: 'default', object: 'agent:a1', door: 'agents', count: 1, since: 0, from: { x: 1 } };
    await api.store.apply('record-refusals', { refusals: [refusal], at: Date.now() });
    await submitJob(api);

    const events = await readEvents(api, '/api/v1/events', 'job.queued', { headers: { 'last-event-id': '0' } });

    assert.deepEqual(
      events.map(({ event }) => event),
      ['job.queued'],
    );
  });

  it('go on after the one that was seen last', async () => {
    await using api = await startApi();
    const first = await submitJob(api);
    const path = `/api/v1/jobs/${first}/events`;
    const [seen] = await readEvents(api, path, 'job.queued');
    await api.call(`/api/v1/jobs/${first}/cancel`, { method: 'POST' });
    const headers = { 'last-event-id': seen?.id ?? '' };

    const ofJob = await readEvents(api, path, 'job.cancelled', { headers });
    const ofAccount = await readEvents(api, '/api/v1/events', 'job.cancelled', { headers });
    const bad = await api.call('/api/v1/events', { headers: { 'last-event-id': 'yesterday' } });

    assert.deepEqual(
      ofJob.map(({ event }) => event),
      ['job.cancelled'],
    );
    assert.deepEqual(
      ofAccount.map(({ event }) => event),
      ['job.cancelled'],
    );
    assert.deepEqual([bad.status, bad.json.code], [400, 'header-invalid']);
  });

  it('are followed by a sign of life while nothing happens', async () => {
    await using api = await startApi({ heartbeatMs: 20 });
    const leaving = new AbortController();
    const response = await api.fetch('/api/v1/events', { signal: leaving.signal });

    let text = '';
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece).toString();
      if (text.split(': still here').length > 2) break;
    }
    leaving.abort();

    assert.match(text, /^: farhand events\nretry: 2000\nid: [\w-]{22}\n\n/);
  });

  it('say where they begin, so that a reader who heard nothing yet can come back to that place', async () => {
    await using api = await startApi();
    await submitJob(api);
    const leaving = new AbortController();
    const response = await api.fetch('/api/v1/events', { signal: leaving.signal });
    let text = '';
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece).toString();
      if (text.endsWith('\n\n')) break;
    }
    leaving.abort();
    const begin = /^id: (\S+)$/m.exec(text)?.[1] ?? '';

    const missed = await submitJob(api);
    const events = await readEvents(api, '/api/v1/events', 'job.queued', { headers: { 'last-event-id': begin } });

    assert.deepEqual(
      events.map(({ object }) => object),
      [`job:${missed}`],
    );
  });

  it('are read once for all who wait for the same', async () => {
    await using api = await startApi();
    let reads = 0;
    const queries = { ...api.store.queries };
    api.store.queries.auditAfter = (account, after, limit) => {
      if (limit > 1) reads++;
      return queries.auditAfter(account, after, limit);
    };
    const first = await submitJob(api);
    const headers = { 'last-event-id': '0' };
    const watching = Array.from({ length: 20 }, () => readEvents(api, '/api/v1/events', 'job.cancelled', { headers }));
    await setTimeout(1_000);
    const attached = reads;

    await api.call(`/api/v1/jobs/${first}/cancel`, { method: 'POST' });
    const all = await Promise.all(watching);

    assert.ok(all.every((events) => events.length === 2));
    assert.ok(reads - attached < 20, `${reads - attached} reads for 20 readers`);
  });

  it('go on now for a reader whose place is not there yet, as after the hub was restored', async () => {
    await using api = await startApi();
    const headers = { 'last-event-id': '999999999999999' };
    const first = await submitJob(api);
    let second = '';

    const [ofAccount] = await readEvents(api, '/api/v1/events', 'job.queued', {
      headers,
      attached: async () => void (second = await submitJob(api)),
    });
    const [ofJob] = await readEvents(api, `/api/v1/jobs/${first}/events`, 'job.cancelled', {
      headers,
      attached: async () => void (await api.call(`/api/v1/jobs/${first}/cancel`, { method: 'POST' })),
    });

    assert.equal(ofAccount?.object, `job:${second}`);
    assert.equal(ofJob?.event, 'job.cancelled');
  });

  it('go on now for a reader that comes from another hub', async () => {
    await using api = await startApi();
    const elsewhere = new EventPlaces(createSecretKey(new Uint8Array(32).fill(7)));
    await submitJob(api);
    let second = '';

    const [first] = await readEvents(api, '/api/v1/events', 'job.queued', {
      headers: { 'last-event-id': elsewhere.toId('default', 1) },
      attached: async () => void (second = await submitJob(api)),
    });

    assert.equal(first?.object, `job:${second}`);
  });
});
