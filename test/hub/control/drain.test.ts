import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { defaultLimits } from '../../../transports/limits.ts';
import { createWebsocketTransport } from '../../../transports/websocket/websocket-transport.ts';
import { agentId, createAgentPlace, waitFor } from '../../agent/agent-place.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { createReplicaPlace, type Replica } from '../../support/replicas.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

checkLeaks();

const run = (more: string) => `echo "$FARHAND_JOB_ID" >>"$GATE/ledger"; ${more}`;

test('A hub that drains gives its agent to another without a gap, while its sessions run on: no job is lost, none is doubled', async () => {
  await using place = await createReplicaPlace();
  await place.enrol(agentId);
  const old = await place.start();
  const next = await place.start();
  await using balancer = await startTcpProxy(old.port);
  await using agents = await createAgentPlace();
  const wire = { clock: systemClock, logger: silentLogger, limits: defaultLimits };
  const url = `ws://127.0.0.1:${balancer.port}`;
  const ways = [{ url, ...createWebsocketTransport({ ...wire, url }) }];
  const agent = await agents.start({ ways, slots: 3 });
  const stays = await place.submit('sh', run(waitFor('go')));
  const moves = await place.submit('sh', run(waitFor('later')));
  await until('two sessions', () => old.sessions.count() === 2);
  const isUp = ({ fleet }: Replica) => fleet.get(agentId)?.link !== null && fleet.get(agentId) !== undefined;
  const { offlineMs } = agent.status().counts;
  let looks = 0;
  let gaps = 0;
  const watch = setInterval(() => {
    looks += 1;
    if (!isUp(old) && !isUp(next)) gaps += 1;
  }, 1);

  balancer.leadTo(next.port);
  const impatient = new AbortController();
  const drained = old.drain({ drainMs: 60_000, signal: impatient.signal });
  await until('the agent to be with the other hub', () => isUp(next) && old.control.count === 0);
  const sessionsKept = old.sessions.count();
  const after = await place.submit('sh', run('echo after'));
  await until(
    'a job over the other hub',
    async () => (await place.store.queries.job('default', after))?.state === 'succeeded',
  );
  await agents.open('go');
  await until(
    'the end of a job over the old one',
    async () => (await place.store.queries.job('default', stays))?.state === 'succeeded',
  );
  await until('its session to be over', () => old.sessions.count() === 1);
  impatient.abort();
  await drained;
  await old[Symbol.asyncDispose]();
  await until('its session to be opened anew', () => next.sessions.isServing(agentAttempt(agent)));
  await agents.open('later');
  await until(
    'the end of the other job',
    async () => (await place.store.queries.job('default', moves))?.state === 'succeeded',
  );
  clearInterval(watch);

  assert.equal(sessionsKept, 2);
  assert.ok(looks > 10 && gaps === 0, `${gaps} gaps in ${looks} looks`);
  assert.equal(agent.status().counts.offlineMs, offlineMs);
  assert.ok((next.fleet.get(agentId)?.leaseEpoch ?? 0) > 1);
  const ledger = (await readFile(join(agents.gate, 'ledger'), 'utf8')).trim().split('\n');
  assert.deepEqual(ledger.toSorted(), [stays, moves, after].toSorted());
  await agent[Symbol.asyncDispose]();
});

function agentAttempt(agent: { status(): { readonly attempts: readonly { readonly id: string }[] } }): string {
  return agent.status().attempts[0]?.id ?? '';
}

test('A hub that drains with nobody to go to keeps its agent until its time is over, and says then when to come back', async () => {
  await using place = await createReplicaPlace();
  await place.enrol(agentId);
  const hub = await place.start();
  await using balancer = await startTcpProxy(hub.port);
  await using agents = await createAgentPlace();
  const wire = { clock: systemClock, logger: silentLogger, limits: defaultLimits };
  const url = `ws://127.0.0.1:${balancer.port}`;
  const ways = [{ url, ...createWebsocketTransport({ ...wire, url }) }];
  const agent = await agents.start({ ways });

  const impatient = new AbortController();
  const drained = hub.drain({ drainMs: 60_000, signal: impatient.signal });
  await until('the agent to be refused', () => hub.arrivals.deferred > 0 && hub.arrivals.isShut);
  const job = await place.submit('sh', 'echo all the same');
  await until('a job meanwhile', async () => (await place.store.queries.job('default', job))?.state === 'succeeded');
  const { state } = agent.status().link;
  impatient.abort();
  await drained;
  await hub[Symbol.asyncDispose]();
  const next = await place.start();
  balancer.leadTo(next.port);
  await until('the agent to be with the next hub', () => next.control.count === 1);

  assert.equal(state, 'up');
  await agent[Symbol.asyncDispose]();
});
