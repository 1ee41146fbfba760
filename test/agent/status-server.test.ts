import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Agent } from '../../agent/agent.ts';
import type { AgentStatus } from '../../agent/agent-status.ts';
import { type StatusServer, startStatusServer } from '../../agent/status-server.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLoopBoard } from '../../runtime/loop-board.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { askPromtool, promtoolSkip } from '../support/promtool.ts';
import { until } from '../support/until.ts';
import { createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

const listen = { host: '127.0.0.1', port: 0 };

function serve(agent: Agent): Promise<StatusServer> {
  return startStatusServer({ listen, status: () => agent.status(), clock: systemClock });
}

async function get(server: StatusServer, path: string, accept = '*/*'): Promise<Response & { readonly body: unknown }> {
  return fetch(`${server.address}${path}`, { headers: { accept, connection: 'close' } });
}

/** Samples by name and labels. */
async function scrape(server: StatusServer): Promise<Readonly<Record<string, number>>> {
  const text = await (await get(server, '/metrics')).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

test('Metrics tell of slots, attempts and the link while a job runs, and count it when the hub has it', async () => {
  await using place = await createAgentPlace({ broken: 'run: x\n' });
  const agent = await place.start();
  await using server = await serve(agent);
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo 12345; ${waitFor('go')}; exit 3` } });
  await place.hub.until(() => place.hub.log(id).length === 6, 'the job to be up');

  const during = await scrape(server);
  await place.open('go');
  await place.hub.result(id);
  await place.hub.until(() => agent.status().attempts.length === 0, 'the folder to be freed');
  await place.hub.cutControl();
  await place.hub.until(() => agent.status().counts.connects === 2, 'another channel');
  const after = await scrape(server);

  assert.equal(during['farhand_agent_info{name="a1",version="0.0.0"}'], 1);
  assert.equal(during['farhand_agent_state{state="serving"}'], 1);
  assert.equal(during['farhand_agent_state{state="draining"}'], 0);
  assert.equal(during['farhand_agent_link_state{state="up"}'], 1);
  assert.equal(during['farhand_agent_slots'], 4);
  assert.equal(during['farhand_agent_slots_used'], 1);
  assert.equal(during['farhand_agent_attempts{state="running"}'], 1);
  assert.equal(during['farhand_agent_spool_bytes'], 6);
  assert.equal(during['farhand_agent_automations'], 4);
  assert.equal(during['farhand_agent_automation_mistakes'], 1);
  assert.equal(during['farhand_agent_attempts_ended_total{outcome="failed"}'], 0);
  assert.equal(during['farhand_agent_reconnects_total'], 0);
  assert.equal(after['farhand_agent_slots_used'], 0);
  assert.equal(after['farhand_agent_attempts{state="running"}'], 0);
  assert.equal(after['farhand_agent_spool_bytes'], 0);
  assert.equal(after['farhand_agent_attempts_ended_total{outcome="failed"}'], 1);
  assert.equal(after['farhand_agent_attempts_ended_total{outcome="succeeded"}'], 0);
  assert.equal(after['farhand_agent_log_sent_bytes_total'], 6);
  assert.equal(after['farhand_agent_reconnects_total'], 1);
  assert.equal((after['farhand_agent_dials_total'] ?? 0) >= 2, true);
});

test('The way to the hub, and how long the certificate is good, are on the page, in the JSON and in the metrics', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start({
    network: () => ({
      way: { type: 'proxy', proxy: 'http://proxy.example.org:3128', from: 'HTTPS_PROXY' },
      certificate: { file: '/own.pem', subject: 'CN=a1', notAfter: '2030-01-02T00:00:00.000Z', daysLeft: 9 },
      problem: null,
    }),
  });
  await using server = await serve(agent);

  const page = await (await get(server, '/status', 'text/html')).text();
  const json = (await (await get(server, '/status')).json()) as AgentStatus;
  const metrics = await scrape(server);

  assert.match(page, /through the proxy http:\/\/proxy\.example\.org:3128 \(HTTPS_PROXY\)/);
  assert.match(page, /CN=a1: until 2030-01-02T00:00:00\.000Z, 9 days/);
  assert.deepEqual(json.network, agent.status().network);
  assert.equal(metrics['farhand_agent_tls_certificate_days_left'], 9);
  assert.equal(metrics['farhand_agent_tls_certificate_expiry_timestamp_seconds'], Date.UTC(2030, 0, 2) / 1000);
  assert.equal(metrics['farhand_agent_tls_files_problem'], 0);
});

test('Metrics tell what happened on the link, to offers and on sessions, and how long a start took', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  await using server = await serve(agent);
  const begin = Date.now() / 1000;
  const unknown = place.hub.offer({ automation: 'nobody-has-this' });
  await place.hub.until(() => place.hub.report(unknown)?.phase === 'declined', 'the decline');
  place.hub.intercept = (frame) => frame.type === 'log';
  const id = place.hub.offer({ automation: 'sh', parameters: { run: `echo 12345; ${waitFor('go')}` } });
  await place.hub.until(() => agent.status().counts.sessions.unacknowledgedBytes === 6, 'the log to be on its way');
  const during = await scrape(server);
  place.hub.intercept = () => false;
  for (const connection of place.network.connections) connection.cut();
  await place.open('go');
  await place.hub.result(id);
  await place.hub.until(() => agent.status().attempts.length === 0, 'the folder to be freed');
  await place.hub.until(() => agent.status().counts.sessions.open === 0, 'its session to be over');

  const after = await scrape(server);

  assert.equal(during['farhand_agent_sessions'], 1);
  assert.equal(during['farhand_agent_log_unacknowledged_bytes'], 6);
  assert.equal(after['farhand_agent_log_unacknowledged_bytes'], 0);
  assert.equal((after['farhand_agent_sessions_opened_total'] ?? 0) >= 2, true);
  assert.equal(after['farhand_agent_session_seconds_count'], after['farhand_agent_sessions_opened_total']);
  assert.equal((after['farhand_agent_offers_declined_total{reason="unknown-automation"}'] ?? 0) >= 1, true);
  assert.equal(after['farhand_agent_start_seconds_count'], 1);
  assert.equal((after['farhand_agent_last_accepted_timestamp_seconds'] ?? 0) >= begin - 1, true);
  assert.equal((after['farhand_agent_last_event_timestamp_seconds'] ?? 0) >= begin - 1, true);
  assert.equal((after['farhand_agent_events_total{what="received"}'] ?? 0) > 0, true);
  assert.equal((after['farhand_agent_offline_seconds_total'] ?? 0) > 0, true);
  assert.equal((after['farhand_agent_loop_failures_total{loop="control link"}'] ?? 0) >= 1, true);
  assert.equal((after['process_open_fds'] ?? 0) > 0, true);
});

test('Every loop says what it does, and a link that is down says why and when it is tried again', async () => {
  await using place = await createAgentPlace({ seen: 'kind: probe\nrun: ["echo", "{}"]\nintervalSeconds: 3600\n' });
  const agent = await place.start();
  await place.hub.until(
    () => agent.status().loops.some(({ name, turns }) => name === 'probe seen' && turns === 1),
    'a run',
  );
  const up = agent.status().loops;
  place.network.faults.dials = 'refused';
  for (const connection of place.network.connections) connection.cut();

  const down = await until('the link to wait', () => {
    const link = agent.status().loops.find(({ name }) => name === 'control link');
    return link === undefined || link.next === null ? null : link;
  });
  await agent[Symbol.asyncDispose]();

  assert.deepEqual(up.map(({ name }) => name).toSorted(), [
    'admission',
    'control link',
    'dispatch',
    'probe seen',
    'reports',
    'sessions',
    'tombstones',
  ]);
  assert.deepEqual(
    up.filter(({ doing, isStuck }) => doing === 'not begun' || isStuck),
    [],
  );
  assert.match(down.doing, /^waits to dial again, because: /);
  assert.equal(down.failures >= 1, true);
  assert.deepEqual(agent.status().loops, []);
});

test('An agent with a loop that is stuck is not alive, and one whose hub is away is', async () => {
  await using place = await createAgentPlace();
  const clock = createVirtualClock();
  const loops = createLoopBoard(clock);
  const agent = await place.start({ loops });
  await using server = await serve(agent);
  place.network.faults.dials = 'refused';
  for (const connection of place.network.connections) connection.cut();
  await place.hub.until(() => agent.status().link.state === 'waiting', 'the link to be down');

  const away = await get(server, '/livez');
  const notReady = await get(server, '/readyz');
  loops.open('link').does('dials', { withinMs: 1_000 });
  await clock.advance(2_000);
  const stuck = await get(server, '/livez');

  assert.deepEqual([away.status, notReady.status, stuck.status], [200, 503, 503]);
  assert.match(await stuck.text(), /the loop \\"link\\" is stuck: dials/);
  await Promise.all([away.text(), notReady.text()]);
});

test('The metrics are what Prometheus takes for well made', { skip: promtoolSkip }, async () => {
  await using place = await createAgentPlace();
  await using server = await serve(await place.start());

  assert.equal(askPromtool(['check', 'metrics'], await (await get(server, '/metrics')).text()), '');
});

test('An attempt that an earlier agent sealed is counted by the one that delivers it', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  place.hub.intercept = (frame) => frame.type === 'result';
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.until(() => place.hub.get(id).results.length > 0, 'the result to be sent');
  await first[Symbol.asyncDispose]();
  place.hub.intercept = () => false;

  const second = await place.start();
  await place.hub.result(id);
  await place.hub.until(() => second.status().attempts.length === 0, 'the folder to be freed');

  assert.equal(first.status().counts.ended.succeeded, 0);
  assert.equal(second.status().counts.ended.succeeded, 1);
});

test('The output of an attempt that an earlier agent sealed counts to what the spool holds until the hub has it', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  place.hub.intercept = (frame) => frame.type === 'result';
  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo 12345' } });
  await place.hub.until(() => place.hub.get(id).results.length > 0, 'the result to be sent');
  await first[Symbol.asyncDispose]();

  const second = await place.start();
  const held = second.status().spoolBytes;
  place.hub.intercept = () => false;
  await second[Symbol.asyncDispose]();
  const third = await place.start();
  await place.hub.result(id);
  await place.hub.until(() => third.status().attempts.length === 0, 'the folder to be freed');

  assert.deepEqual([held, third.status().spoolBytes], [6, 0]);
});

test('An attempt whose result the hub does not want any more is not counted as ended', async () => {
  await using place = await createAgentPlace();
  const agent = await place.start();
  place.hub.intercept = (frame) => frame.type === 'result';
  const held = (): boolean => agent.status().attempts.every(({ state }) => state === 'holding');
  const ids = [0, 1].map(() => place.hub.offer({ automation: 'sh', parameters: { run: 'true' } }));
  await place.hub.until(() => agent.status().attempts.length === 2 && held(), 'both to be held');

  for (const id of ids) place.hub.get(id).withdrawn = true;
  await agent[Symbol.asyncDispose]();
  const next = await place.start();
  await place.hub.until(() => next.status().attempts.length === 0, 'the folders to be freed');

  const counts = Object.values(next.status().counts.ended);
  assert.deepEqual([...new Set(counts)], [0]);
});

test('The page of metrics explains each of them, and none that is not there', async () => {
  await using place = await createAgentPlace();
  await using server = await serve(await place.start());
  const page = await readFile(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
  const [, section = ''] = /^## Agent\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(page) ?? [];

  const response = await get(server, '/metrics');
  const text = await response.text();

  const told = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const explained = [...section.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  assert.deepEqual(explained, told);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
});

test('The status is JSON for programs and a page for browsers, with text of others as text', async () => {
  await using place = await createAgentPlace({ '<img src=x>': 'run: x\n' });
  const agent = await place.start();
  await using server = await serve(agent);
  const id = place.hub.offer({ automation: 'sh', parameters: { run: waitFor('go') } });
  await place.hub.until(() => place.hub.report(id)?.phase === 'running', 'the job to run');
  await place.hub.sendDesired({ schedulable: false, drain: true, note: '</td><script>alert(1)</script>' }, 1);
  await place.hub.until(() => agent.status().desired.drain, 'the wish to arrive');

  const json = await get(server, '/status');
  const status = (await json.json()) as AgentStatus;
  const page = await get(server, '/status', 'text/html,application/xhtml+xml,*/*;q=0.8');
  const html = await page.text();
  await place.open('go');
  await place.hub.result(id);

  assert.match(json.headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(status.desired.note, '</td><script>alert(1)</script>');
  assert.deepEqual(status.catalog, { automations: 4, mistakes: 1 });
  assert.equal(status.health.state, 'draining');
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  assert.match(html, new RegExp(`<td[^>]*>${id}</td><td[^>]*>sh</td><td[^>]*>running</td>`));
  assert.match(html, /the hub asked for no more work: &lt;\/td&gt;&lt;script&gt;/);
  assert.match(html, /&lt;img src=x&gt;\.yaml/);
  assert.equal(/<script|<img/.test(html), false);
});

test('Probes and wrong paths are answered, and nothing is changed by asking', async () => {
  await using place = await createAgentPlace();
  const agent = await place.create();
  await using server = await serve(agent);

  await agent.ready;
  const ready = await get(server, '/readyz');
  const alive = await get(server, '/livez');
  const nowhere = await get(server, '/secrets');
  const post = await fetch(`${server.address}/status`, { method: 'POST', headers: { connection: 'close' } });
  await agent[Symbol.asyncDispose]();
  const left = await get(server, '/readyz');

  assert.deepEqual([ready.status, alive.status, nowhere.status, post.status, left.status], [200, 200, 404, 405, 503]);
  await Promise.all([ready, alive, nowhere, post, left].map((response) => response.text()));
});
