import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { startApi } from '../api/api-harness.ts';
import { enrolAgent, submitJob } from '../api/job-run.ts';

checkLeaks();

/** Lists that go on by a cursor, and what fills them. */
const lists = {
  '/api/v1/jobs': (api: Awaited<ReturnType<typeof startApi>>, token: string) =>
    api.call('/api/v1/jobs', { token, body: { automation: 'greet' } }),
  '/api/v1/tokens': (api: Awaited<ReturnType<typeof startApi>>, token: string) =>
    api.call('/api/v1/tokens', { token, body: { role: 'viewer' } }),
  '/api/v1/join-tokens': (api: Awaited<ReturnType<typeof startApi>>, token: string) =>
    api.call('/api/v1/join-tokens', { token, body: {} }),
} as const;

describe('between accounts', () => {
  it('a cursor leads nowhere but in the lists of whoever sends it', async () => {
    await using api = await startApi();
    const acme = await api.makeToken('admin', 'acme');
    const rival = await api.makeToken('admin', 'rival');

    for (const [path, fill] of Object.entries(lists)) {
      for (const token of [acme, rival, acme, rival, acme, rival]) assert.equal((await fill(api, token)).status, 201);
      const page = await api.call(`${path}?limit=1`, { token: acme });
      const theirs = await api.call(`${path}?limit=500&cursor=${page.json.nextCursor}`, { token: rival });

      assert.equal(theirs.status, 200);
      assert.ok(theirs.json.items.length > 0);
      for (const { account } of theirs.json.items) assert.equal(account, 'rival', path);
    }
  });

  it('a cursor of one list does not fit another', async () => {
    await using api = await startApi();
    for (let number = 0; number < 2; number++) await submitJob(api);
    const page = await api.call('/api/v1/jobs?limit=1');

    const other = await api.call(`/api/v1/agents?cursor=${page.json.nextCursor}`);

    assert.deepEqual([other.status, other.json.code], [400, 'cursor-invalid']);
  });

  it('an idempotency key is the account’s own', async () => {
    await using api = await startApi();
    const rival = await api.makeToken('operator', 'rival');
    const headers = { 'idempotency-key': 'same' };
    const ours = await api.call('/api/v1/jobs', { body: { automation: 'greet' }, headers });

    const theirs = await api.call('/api/v1/jobs', { token: rival, body: { automation: 'other' }, headers });

    assert.deepEqual([ours.status, theirs.status], [201, 201]);
    assert.notEqual(theirs.json.id, ours.json.id);
  });

  it('an entity tag tells nothing of what is not yours', async () => {
    await using api = await startApi();
    await enrolAgent(api, 'a1');
    const rival = await api.makeToken('admin', 'rival');
    const tag = (await api.call('/api/v1/agents/a1')).headers.get('etag') ?? '';

    const read = await api.call('/api/v1/agents/a1', { token: rival, headers: { 'if-none-match': tag } });
    const wild = await api.call('/api/v1/agents/a1', { token: rival, headers: { 'if-none-match': '*' } });
    const changed = await api.call('/api/v1/agents/a1/drain', { token: rival, body: {}, headers: { 'if-match': tag } });
    const stale = await api.call('/api/v1/agents/a1/drain', { token: rival, body: {}, headers: { 'if-match': '"9"' } });

    assert.ok(tag !== '');
    for (const answer of [read, wild, changed, stale]) {
      assert.equal(answer.status, 404);
      assert.equal(answer.headers.get('etag'), null);
    }
  });

  it('events are those of the account alone, from wherever they are asked for, and do not count those of others', async () => {
    await using api = await startApi();
    const rival = await api.makeToken('operator', 'rival');
    const ours = await submitJob(api);
    const theirs = await submitJob(api, { automation: 'greet' }, rival);
    const read = async (token: string, place: string) => {
      const leaving = new AbortController();
      const headers = { 'last-event-id': place };
      const response = await api.fetch('/api/v1/events', { token, headers, signal: leaving.signal });
      let text = '';
      for await (const chunk of response.body ?? []) {
        // A place of another account is none: whoever comes with it begins now.
        if (text === '' && place !== '0') await submitJob(api, { automation: 'greet' }, rival);
        text += Buffer.from(chunk).toString();
        if (text.includes('event: job.queued')) break;
      }
      leaving.abort();
      return text;
    };
    const place = /^id: (\S+)\nevent/m.exec(await read(api.tokens.operator, '0'))?.[1] ?? '';

    const fromTheBeginning = await read(rival, '0');
    const fromOurPlace = await read(rival, place);

    assert.match(place, /^[\w-]{22}$/);
    assert.ok(fromTheBeginning.includes(theirs) && !fromTheBeginning.includes(ours), fromTheBeginning);
    assert.ok(!fromOurPlace.includes(theirs) && !fromOurPlace.includes(ours), fromOurPlace);
  });

  it('metrics and status are for the account that the hub belongs to', async () => {
    await using api = await startApi();
    const rival = await api.makeToken('admin', 'rival');
    await submitJob(api);

    // As through a proxy: the machine of the hub itself needs no token for its metrics.
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    const metrics = await api.call('/metrics', { token: rival, headers });
    const status = await api.call('/status', { token: rival, headers });

    assert.deepEqual(
      [metrics, status].map((answer) => [answer.status, answer.json.code]),
      [
        [403, 'not-allowed'],
        [403, 'not-allowed'],
      ],
    );
  });
});
