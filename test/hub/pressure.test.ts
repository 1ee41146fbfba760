import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HubStatus } from '../../protocol/hub-status.ts';
import { startFakeAgent } from '../support/fake-agent.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { closedAdmission, pressureWords as words } from '../support/sample-admission.ts';
import { startTestHub, type TestHub } from '../support/test-hub.ts';
import { until } from '../support/until.ts';

checkLeaks();

async function ask(hub: TestHub, path: string): Promise<string> {
  const { body } = await hub.call('POST', '/tokens', { role: 'admin', account: 'default', name: 'one who looks' });
  const { token } = body as { readonly token: string };
  const answer = await fetch(hub.address + path, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  return answer.text();
}

describe('an agent that says that it is under pressure', () => {
  it('is offered nothing until it says that it is over, and everybody who asks is told why', async () => {
    await using hub = await startTestHub();
    await using agent = await startFakeAgent({ hub: hub.address, joinToken: await hub.joinToken(), name: 'a1' });
    agent.report({
      admission: closedAdmission(),
      health: { state: 'degraded', problems: [`takes no jobs: ${words}`] },
    });
    await until('the report', async () => (await hub.agent('a1')).admission?.state === 'closed');

    const { id } = await hub.submit({ automation: 'greet' });
    const waiting = await hub.job(id);
    const shown = await hub.agent('a1');
    const status: HubStatus = JSON.parse(await ask(hub, '/status'));
    const metrics = await ask(hub, '/metrics');

    assert.equal(waiting.state, 'queued');
    assert.deepEqual(waiting.waiting, [{ agent: 'a1', reason: 'pressure', message: words }]);
    assert.deepEqual(waiting.waitingReasons, [{ reason: 'pressure', agents: 1 }]);
    assert.deepEqual(shown.admission, closedAdmission());
    assert.deepEqual(
      status.agents.troubled.map(({ name, state, problems }) => [name, state, problems]),
      [['a1', 'pressure', [`takes no jobs: ${words}`]]],
    );
    assert.deepEqual(
      status.waiting.groups.map(({ reason, nearestAgents }) => [reason, nearestAgents]),
      [['pressure', ['a1']]],
    );
    assert.match(metrics, /^farhand_hub_agents_closed 1$/m);
    assert.match(metrics, /^farhand_hub_jobs_waiting\{reason="pressure"\} 1$/m);

    agent.report({ admission: closedAdmission({ state: 'open', reasons: [] }) });
    assert.equal((await agent.nextOffer()).job, id);
  });
});
