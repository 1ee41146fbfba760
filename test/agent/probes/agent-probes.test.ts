import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkLeaks } from '../../support/leak-check.ts';
import { createAgentPlace, waitFor } from '../agent-place.ts';

checkLeaks();

const common = 'intervalSeconds: 10\njitterSeconds: 0\ninherit: [LEAK_CHECK, GATE]\n';

/** Hangs, minds no TERM, and says that it runs. */
const hung = `kind: probe\nscript: "trap '' TERM; touch $GATE/hung; while :; do sleep 0.05; done"\n${common}timeoutSeconds: 3600\n`;

test('A probe that hangs keeps neither jobs nor the agent from ending', async () => {
  await using place = await createAgentPlace({ hung });
  const agent = await place.start();
  await place.hub.until(() => existsSync(join(place.gate, 'hung')), 'the probe to run');

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo hello' } });
  const result = await place.hub.result(id);
  await agent[Symbol.asyncDispose]();

  assert.equal(result.outcome, 'succeeded');
  assert.equal(place.hub.log(id).toString(), 'hello\n');
  assert.equal(agent.state, 'left');
});

test('An agent that drains waits for its jobs, and not for its probes', async () => {
  await using place = await createAgentPlace({ hung });
  const agent = await place.start();
  const id = place.hub.offer({ automation: 'sh', parameters: { run: waitFor('go') } });
  await place.hub.until(() => existsSync(join(place.gate, 'hung')), 'the probe to run');
  await place.hub.until(() => place.hub.report(id)?.phase === 'running', 'the job to run');

  const drained = agent.drain({ drainMs: 50_000, afterwards: 'leave', cancelMs: 0 });
  await place.open('go');

  assert.deepEqual(await drained, { type: 'drained' });
  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('A probe that fails is a problem of the agent', async () => {
  const failing = `kind: probe\nscript: "echo no database >&2; exit 4"\n${common}`;
  await using place = await createAgentPlace({ failing });
  const agent = await place.start();

  await place.hub.until(() => place.hub.agentReport?.health.state === 'degraded', 'the agent to be degraded');

  const problems = ['probe failing: it ended with exit status 4: no database'];
  assert.deepEqual(place.hub.agentReport?.health.problems, problems);
  assert.deepEqual(agent.status().health, { state: 'degraded', problems });
});

test('An agent lists its probes, and takes no job that asks for one', async () => {
  await using place = await createAgentPlace({ well: `kind: probe\nrun: ["echo", "{}"]\n${common}` });
  await place.start();

  const id = place.hub.offer({ automation: 'well' });
  await place.hub.until(() => place.hub.report(id)?.phase === 'declined', 'a decline');

  const { reason, message } = place.hub.report(id) ?? {};
  assert.equal(reason, 'unknown-automation');
  assert.match(message ?? '', /"well" is a probe: this agent runs it by itself/);
  await place.hub.until(() => place.hub.agentReport !== null, 'a report');
  assert.equal(place.hub.agentReport?.automations.find(({ name }) => name === 'well')?.kind, 'probe');
});

test('An agent that came for one job runs no probe', async () => {
  await using place = await createAgentPlace({ hung });
  const agent = await place.start({ mode: { type: 'once', jobId: null, idleMs: null } });

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'true' } });
  await place.hub.result(id);
  await agent.ended;

  assert.equal(existsSync(join(place.gate, 'hung')), false);
});
