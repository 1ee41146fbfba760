import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import type { AgentStatus } from '../../agent/agent-status.ts';
import { createPlace } from '../support/farhand-process.ts';
import { createHubApi } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

it('an agent that is drained from the hub takes nothing more, through restarts of both, until it is resumed', async () => {
  await using place = await createPlace();
  const automations = join(place.folder, 'automations');
  const gate = join(place.folder, 'gate');
  await mkdir(automations);
  await writeFile(
    join(automations, 'wait.yaml'),
    `kind: script\ninherit: [LEAK_CHECK]\nscript: |\n  until [ -e "${gate}" ]; do sleep 0.05; done; echo done\n`,
  );
  const environment = { FARHAND_AUTOMATIONS: automations, FARHAND_STATUS_LISTEN: '127.0.0.1:0' };
  const first = await place.hub();
  await using firstHub = first.process;
  const token = first.client['FARHAND_TOKEN'] ?? '';
  const api = createHubApi(first.address, token);
  await using firstAgent = await place.agent(first.address, first.client, environment);
  const statusOf = async (agent: { ready(): Promise<string> }) =>
    (await (await fetch(`${await agent.ready()}/status`, { headers: { connection: 'close' } })).json()) as AgentStatus;
  await api.takesWork('a1');
  const running = await api.submit({ automation: 'wait' });
  await api.jobWhen(running.id, 'running', ({ startedAt }) => startedAt !== null);

  const answer = await api.call('POST', '/agents/a1/drain', { body: { note: 'new disk' } });
  const queued = await api.submit({ automation: 'wait' });

  assert.equal(answer.status, 202);
  const shown = await api.agent('a1');
  assert.deepEqual([shown.drain, shown.note, shown.schedulable], [true, 'new disk', false]);
  const listed = JSON.parse((await api.call('GET', '/agents')).body.toString()) as { items: { note: string }[] };
  assert.deepEqual(
    listed.items.map(({ note }) => note),
    ['new disk'],
  );
  assert.deepEqual((await api.job(queued.id)).waiting, [{ agent: 'a1', reason: 'draining' }]);
  const told = await until('the agent to hear of it', async () => {
    const status = await statusOf(firstAgent);
    return status.desired.drain ? status : null;
  });
  assert.deepEqual([told.desired.note, told.state, told.health.state], ['new disk', 'serving', 'draining']);
  assert.equal((await api.job(running.id)).state, 'running');

  firstAgent.kill('SIGKILL');
  firstHub.kill('SIGKILL');
  await Promise.all([firstAgent.ended, firstHub.ended]);
  await using _secondHub = (await place.hub()).process;
  await using secondAgent = await place.agent(first.address, first.client, environment);
  await until('the agent to hear of it again', async () => (await statusOf(secondAgent)).desired.drain);
  await writeFile(gate, '');

  assert.equal((await api.end(running.id)).state, 'succeeded');
  const still = await api.job(queued.id);
  assert.deepEqual([still.state, still.waiting], ['queued', [{ agent: 'a1', reason: 'draining' }]]);
  assert.equal((await api.agent('a1')).note, 'new disk');

  const resumed = await api.call('POST', '/agents/a1/resume', { body: { note: 'disk is in' } });

  assert.equal(resumed.status, 202);
  assert.equal((await api.end(queued.id)).state, 'succeeded');
  const back = await api.agent('a1');
  assert.deepEqual([back.drain, back.note, back.schedulable], [false, 'disk is in', true]);
  assert.equal((await statusOf(secondAgent)).desired.note, 'disk is in');
});
