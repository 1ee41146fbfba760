import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FactsReport } from '../../../protocol/facts.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import { reportOf } from '../../contract/store/scene.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { type ApiHarness, startApi, toSummary } from './api-harness.ts';
import { type EnrolledAgent, enrolAgent } from './job-run.ts';

checkLeaks();

const digest = 'a'.repeat(64);
const firstMs = Date.parse('2026-01-01T00:00:00.000Z');

function at(minute: number): string {
  return new Date(firstMs + minute * 60_000).toISOString();
}

async function record(api: ApiHarness, agent: EnrolledAgent, facts: JsonObject, change: Partial<FactsReport> = {}) {
  const report = {
    probe: 'host',
    digest,
    facts,
    collectedAt: at(1),
    durationMs: 5,
    volatile: [],
    error: null,
    ...change,
  };
  await api.store.apply('record-facts', { agentId: agent.id, report, at: firstMs });
}

describe('facts', () => {
  it('of an agent are listed by probe, with times, errors and whether the agent still has the probe', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    const automations = [{ ...toSummary('host', null), kind: 'probe' }, toSummary('old', null)];
    await api.store.apply('record-agent-report', {
      agentId: agent.id,
      labels: null,
      report: reportOf({ automations }),
      at: firstMs,
    });
    await record(api, agent, { os: 'a' });
    const error = { message: 'it ended with exit status 1', at: at(2) };
    await record(api, agent, {}, { probe: 'old', facts: null, collectedAt: null, durationMs: null, error });

    const { status, json } = await api.call('/api/v1/agents/a1/facts', { token: api.tokens.viewer });
    const one = await api.call('/api/v1/agents/a1/facts/host', { token: api.tokens.viewer });

    const host = {
      probe: 'host',
      digest,
      facts: { os: 'a' },
      collectedAt: at(1),
      changedAt: at(1),
      durationMs: 5,
      error: null,
      gone: false,
    };
    const old = {
      probe: 'old',
      digest,
      facts: null,
      collectedAt: null,
      changedAt: null,
      durationMs: null,
      error,
      gone: true,
    };
    assert.equal(status, 200);
    assert.deepEqual(json, { items: [host, old], nextCursor: null });
    assert.deepEqual(one.json, host);
  });

  it('have a history, the newest change first, page by page', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    for (const [minute, os] of ['a', 'b', 'c'].entries()) {
      await record(api, agent, { os, same: 1 }, { collectedAt: at(minute) });
    }

    const first = (await api.call('/api/v1/agents/a1/facts/host/history?limit=2')).json;
    const second = (await api.call(`/api/v1/agents/a1/facts/host/history?limit=2&cursor=${first.nextCursor}`)).json;

    const recordedAt = at(0);
    assert.deepEqual(first.items, [
      { sequence: 3, collectedAt: at(2), recordedAt, digest, changed: ['os'], facts: { os: 'c', same: 1 } },
      { sequence: 2, collectedAt: at(1), recordedAt, digest, changed: ['os'], facts: { os: 'b', same: 1 } },
    ]);
    assert.deepEqual(
      second.items.map(({ sequence, changed }: { sequence: number; changed: string[] }) => [sequence, changed]),
      [[1, ['os', 'same']]],
    );
    assert.equal(second.nextCursor, null);
  });

  it('of another account, of an agent or a probe that is not there, are not there', async () => {
    await using api = await startApi();
    await record(api, await enrolAgent(api, 'a1'), { secret: 'of default' });
    await enrolAgent(api, 'theirs', 'team');
    const stranger = await api.makeToken('admin', 'team');

    for (const path of ['facts', 'facts/host', 'facts/host/history']) {
      for (const [agent, token] of [
        ['a1', stranger],
        ['nobody', api.tokens.admin],
      ] as const) {
        const answer = await api.call(`/api/v1/agents/${agent}/${path}`, { token });
        assert.deepEqual(
          [answer.status, answer.json.code, answer.json.detail],
          [404, 'not-found', 'there is no such agent'],
        );
      }
    }
    for (const path of ['facts/nothing', 'facts/nothing/history']) {
      const answer = await api.call(`/api/v1/agents/a1/${path}`);
      assert.deepEqual([answer.status, answer.json.detail], [404, 'there is no such probe']);
    }
    const empty = await api.call('/api/v1/agents/theirs/facts', { token: stranger });
    assert.deepEqual(empty.json, { items: [], nextCursor: null });
  });

  it('are asked for with a limit and a cursor that are checked', async () => {
    await using api = await startApi();
    await record(api, await enrolAgent(api, 'a1'), {});

    const answers = await Promise.all(
      ['facts?limit=0', 'facts?limit=501', 'facts?what=1', 'facts?cursor=no', 'facts/host/history?cursor=no'].map(
        (path) => api.call(`/api/v1/agents/a1/${path}`),
      ),
    );

    assert.deepEqual(
      answers.map(({ status, json }) => [status, json.code]),
      [
        [400, 'query-invalid'],
        [400, 'query-invalid'],
        [400, 'query-invalid'],
        [400, 'cursor-invalid'],
        [400, 'cursor-invalid'],
      ],
    );
  });

  it('that change are events of the agent', async () => {
    await using api = await startApi();
    const agent = await enrolAgent(api, 'a1');
    await record(api, agent, { os: 'a' });
    await record(api, agent, { os: 'a' }, { collectedAt: at(2) });
    await record(api, agent, { os: 'b' }, { collectedAt: at(3) });
    const leaving = new AbortController();

    const response = await api.fetch('/api/v1/events', { headers: { 'last-event-id': '0' }, signal: leaving.signal });
    let text = '';
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece).toString();
      if (text.split('event: facts.changed').length === 3 && text.endsWith('\n\n')) break;
    }
    leaving.abort();

    const told = [...text.matchAll(/^event: facts\.changed\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''));
    assert.deepEqual(
      told.map(({ object, data }) => [object, data]),
      [1, 2].map((sequence) => [`agent:${agent.id}`, { agent: 'a1', probe: 'host', sequence, changed: ['os'] }]),
    );
  });
});

describe('a job that asks for a probe', () => {
  it('is refused, unless some agent offers an automation of that name', async () => {
    await using api = await startApi();
    const probe = { ...toSummary('host', null), kind: 'probe' };
    api.view.offer('default', [probe]);

    const refused = await api.call('/api/v1/jobs', { body: { automation: 'host' } });
    api.view.offer('default', [toSummary('host', null, 'b')]);
    const taken = await api.call('/api/v1/jobs', { body: { automation: 'host' } });

    assert.deepEqual([refused.status, refused.json.code], [422, 'request-invalid']);
    assert.deepEqual(
      refused.json.errors.map(({ pointer }: { pointer: string }) => pointer),
      ['/automation'],
    );
    assert.match(refused.json.detail, /host is a probe: agents run it by themselves/);
    assert.equal(taken.status, 201);
  });
});
