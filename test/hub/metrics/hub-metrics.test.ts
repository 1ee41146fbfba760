import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { startFakeAgent } from '../../support/fake-agent.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { askPromtool, promtoolSkip } from '../../support/promtool.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { until } from '../../support/until.ts';
import { startApi } from '../api/api-harness.ts';
import { resultFor } from '../sessions/session-bench.ts';

checkLeaks();

async function scrape(hub: TestHub): Promise<string> {
  const answer = await fetch(`${hub.address}/metrics`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return answer.text();
}

function valueOf(text: string, sample: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

describe('the metrics of a hub', () => {
  it('count jobs from submission to end, once each, also over a restart', async () => {
    await using hub = await startTestHub();
    const waiting = await hub.submit({ automation: 'nobody-has-it' });
    const cancelled = await hub.submit({ automation: 'nobody-has-it' });
    await hub.call('POST', `/jobs/${cancelled.id}/cancel`);

    const before = await scrape(hub);
    await hub.restart();
    const after = await scrape(hub);
    await hub.call('POST', `/jobs/${waiting.id}/cancel`);
    const end = await scrape(hub);

    const ended = 'farhand_hub_jobs_ended_total{state="cancelled",cause="cancelled"}';
    assert.deepEqual(
      [before, after, end].map((text) => [
        valueOf(text, 'farhand_hub_jobs{state="queued"}'),
        valueOf(text, 'farhand_hub_jobs_submitted_total'),
        valueOf(text, ended) ?? 0,
      ]),
      [
        [1, 2, 1],
        [1, 0, 0],
        [0, 0, 1],
      ],
    );
    assert.ok((valueOf(end, 'farhand_hub_store_commits_total') ?? 0) > 0);
    assert.ok((valueOf(end, 'farhand_hub_store_commit_seconds_count') ?? 0) > 0);
    const route = 'method="POST",route="/api/v1/jobs/:id/cancel",status="202"';
    assert.equal(valueOf(end, `farhand_hub_http_requests_total{${route}}`), 1);
  });

  it('tell of a job how long it waited and how long until it began, by the moments that the job shows', async () => {
    await using hub = await startTestHub();
    const joinToken = await hub.joinToken();
    const { id } = await hub.submit({ automation: 'greet' });
    const before = await scrape(hub);
    await using agent = await startFakeAgent({ hub: hub.address, joinToken, name: 'a1' });
    const { attempt } = await agent.nextOffer();
    const session = await agent.openSession(attempt);
    await session.next();
    const startedAt = new Date().toISOString();
    agent.say(attempt, { phase: 'running', startedAt });
    await until('the start to be known', async () => (await hub.job(id)).startedAt !== null);
    await session.send({ type: 'result', result: resultFor('', { startedAt }) });
    const job = await hub.jobIn(id, 'succeeded');

    const after = await until('the session to be over', async () => {
      const text = await scrape(hub);
      return valueOf(text, 'farhand_hub_sessions_ended_total{outcome="accepted"}') === 1 ? text : null;
    });

    const between = (from: string, to: string | null) => (Date.parse(to ?? '') - Date.parse(from)) / 1000;
    assert.equal(valueOf(before, 'farhand_hub_jobs_waiting{reason="no-agent"}'), 1);
    assert.ok((valueOf(before, 'farhand_hub_oldest_queued_job_seconds') ?? -1) >= 0);
    assert.equal(valueOf(before, 'farhand_hub_job_wait_seconds_count'), 0);
    assert.equal(valueOf(after, 'farhand_hub_jobs_waiting{reason="no-agent"}'), 0);
    assert.equal(valueOf(after, 'farhand_hub_oldest_queued_job_seconds'), 0);
    assert.equal(valueOf(after, 'farhand_hub_job_wait_seconds_count'), 1);
    assert.ok((valueOf(after, 'farhand_hub_job_wait_seconds_sum') ?? 0) > 0);
    assert.equal(valueOf(after, 'farhand_hub_job_start_seconds_count'), 1);
    assert.equal(valueOf(after, 'farhand_hub_job_start_seconds_sum'), between(job.createdAt, job.startedAt));
    assert.equal(valueOf(after, 'farhand_hub_job_run_seconds_count'), 1);
    assert.equal(valueOf(after, 'farhand_hub_offers_total'), 1);
    assert.ok((valueOf(after, 'farhand_hub_last_offer_timestamp_seconds') ?? 0) > 1e9);
    assert.equal(valueOf(after, 'farhand_hub_session_seconds_count'), 1);
    assert.equal(valueOf(after, 'farhand_hub_resync_seconds_count'), 1);
    assert.ok((valueOf(after, 'farhand_hub_events_total{what="received"}') ?? 0) > 0);
  });

  it('count what became of offers and sessions that came to nothing', async () => {
    await using hub = await startTestHub();
    const joinToken = await hub.joinToken();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken, name: 'a1' });
    await hub.submit({ automation: 'greet' });
    const { attempt } = await agent.nextOffer();
    const stranger = await agent.openSession('0196f0c0-7a54-7b9e-8d2f-3f0b8f6f0001');
    await stranger.next();
    agent.say(attempt, { phase: 'declined', reason: 'spool-full' });

    const text = await until('both to be counted', async () => {
      const found = await scrape(hub);
      const declined = valueOf(found, 'farhand_hub_offers_refused_total{reason="spool-full"}') === 1;
      return declined && valueOf(found, 'farhand_hub_session_seconds_count') === 1 ? found : null;
    });

    assert.equal(valueOf(text, 'farhand_hub_sessions_ended_total{outcome="unknown-attempt"}'), 1);
    assert.equal(valueOf(text, 'farhand_hub_offers_refused_total{reason="no-slot"}'), 0);
  });

  it('are what Prometheus takes for well made', { skip: promtoolSkip }, async () => {
    await using hub = await startTestHub();
    await hub.submit({ automation: 'greet' });

    assert.equal(askPromtool(['check', 'metrics'], await scrape(hub)), '');
  });

  it('are all in docs/metrics.md, and nothing else is', async () => {
    await using hub = await startTestHub();
    const page = await readFile(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    const section = page.split(/^## /m).find((text) => text.startsWith('Hub')) ?? '';
    const documented = [...section.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);

    const text = await scrape(hub);

    const served = [...text.matchAll(/^# TYPE (\w+ \w+)$/gm)].map(([, line]) => line);
    assert.deepEqual(served, documented);
  });

  it('name nobody, and are bounded whatever is asked for', async () => {
    await using hub = await startTestHub();
    await hub.submit({ automation: 'very-secret-name' });
    for (let count = 0; count < 20; count++) await fetch(`${hub.address}/nowhere/${count}`, { method: 'PROPFIND' });

    const text = await scrape(hub);

    assert.doesNotMatch(text, /very-secret-name|nowhere/);
    assert.equal([...text.matchAll(/^farhand_hub_http_requests_total\{.*route=""/gm)].length, 1);
  });

  it('are for this machine, and else for tokens of the hub’s own account', async () => {
    await using api = await startApi();
    const other = await api.makeToken('admin', 'other');
    const through = { 'x-forwarded-for': '192.0.2.1' };
    const { port } = new URL(api.url);
    const statusLine = async (host: string) =>
      (await api.talk(`GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).split('\r\n', 1)[0];
    const statusOf = async (token: string | null, headers: Record<string, string>) =>
      (await api.call('/metrics', { token, headers })).status;

    assert.equal(await statusOf(null, {}), 200);
    for (const host of ['localhost', '[::1]', '127.0.0.1']) {
      assert.equal(await statusLine(`${host}:${port}`), 'HTTP/1.1 200 OK');
    }
    assert.equal(await statusLine(`leads-here.example:${port}`), 'HTTP/1.1 401 Unauthorized');
    assert.equal(await statusOf(null, through), 401);
    assert.equal(await statusOf('wrong', through), 401);
    assert.equal(await statusOf(other, through), 403);
    assert.equal(await statusOf(api.tokens.viewer, through), 200);
  });
});
