import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createApiClient } from '../../cli/api-client.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { startStandInHub } from '../support/stand-in-hub.ts';

checkLeaks();

const id = '01a22a28-b7e1-7e91-8e76-6bc097f3994c';
const at = '2026-11-30T01:00:00.000Z';

const oldAgent = {
  id,
  name: 'a1',
  account: 'default',
  labels: {},
  online: true,
  version: '0.0.9',
  platform: null,
  transport: 'websocket',
  slots: { total: 8, used: 1 },
  automations: [],
  health: null,
  schedulable: true,
  lastSeenAt: at,
  createdAt: at,
};
const oldJob = {
  id,
  account: 'default',
  automation: 'greet',
  parameters: {},
  selector: '',
  priority: 0,
  state: 'running',
  agent: 'a1',
  attempt: 1,
  cause: null,
  message: null,
  started: true,
  retrySafe: false,
  exitCode: null,
  signal: null,
  outputs: null,
  log: null,
  createdAt: at,
  startedAt: at,
  finishedAt: null,
};

async function ask(agent: object, job: object) {
  await using hub = await startStandInHub({
    answer: (request, response) => {
      response.setHeader('content-type', 'application/json');
      const item = request.url?.includes('/agents') === true ? agent : job;
      response.end(JSON.stringify({ items: [item], nextCursor: null }));
    },
  });
  const api = createApiClient({ fetch: globalThis.fetch, address: `http://127.0.0.1:${hub.port}`, token: 'x' });
  return { agent: (await api.listAgents()).items[0], job: (await api.listJobs()).items[0] };
}

describe('commands and a hub of another version', () => {
  it('take what an older one does not say for unknown', async () => {
    const { agent, job } = await ask(oldAgent, oldJob);

    assert.deepEqual([agent?.drain, agent?.note, agent?.loopLagMs], [false, null, null]);
    assert.deepEqual([job?.progress, job?.timeoutSeconds, job?.cancelRequested, job?.waiting], [null, null, false, []]);
  });

  it('keep the words that only a newer one knows', async () => {
    const health = { state: 'hibernating', problems: [], score: 3 };
    const waiting = [{ agent: 'a2', reason: 'phase-of-moon' }];
    const words = { state: 'paused', cause: 'quota', waiting, progress: { percent: 5, eta: 3 } };

    const { agent, job } = await ask({ ...oldAgent, health, zone: 'z' }, { ...oldJob, ...words });

    assert.deepEqual([agent?.health, Reflect.get(agent ?? {}, 'zone')], [health, 'z']);
    assert.deepEqual([job?.state, job?.cause, job?.waiting], ['paused', 'quota', waiting]);
  });
});
