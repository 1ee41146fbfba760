import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFaultPlace, type FaultPlace } from '../support/fault-place.ts';
import { findClosedPort } from '../support/find-closed-port.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

checkLeaks();

const names = { ws: 'websocket', grpc: 'grpc' } as const;
type Scheme = keyof typeof names;

async function dials(place: FaultPlace, scheme: Scheme): Promise<void> {
  await until(`an agent that dials ${scheme}`, async () => {
    const { transport, online } = await place.api.agent('a1');
    return online && transport === names[scheme];
  });
}

for (const [first, second] of [
  ['ws', 'grpc'],
  ['grpc', 'ws'],
] as const) {
  it(`goes from ${first} to ${second} when the first way is cut, with a job running, and home again`, {
    timeout: 150_000,
  }, async () => {
    await using place = await createFaultPlace();
    await place.hub.start();
    const port = Number(new URL(place.address).port);
    await using best = await startTcpProxy(port);
    await using other = await startTcpProxy(port);
    const agent = await place.addAgent('a1', {
      FARHAND_HUB_URL: `${first}://127.0.0.1:${best.port}, ${second}://127.0.0.1:${other.port}`,
    });
    await agent.start();
    await dials(place, first);
    const run = 'i=0; until [ -e "$PLACE/gates/go" ]; do i=$((i+1)); say "line $i"; sleep 0.005; done; say done';
    const { id } = await place.api.submit({ automation: 'job', parameters: { run } });
    await place.api.jobWhen(id, 'running', ({ started }) => started === true);

    best.leadTo(await findClosedPort());
    best.cut();
    await dials(place, second);
    const away = await place.api.agent('a1');
    const quick = await place.api.submit({ automation: 'job', parameters: { run: 'say over the other' } });
    const quickly = await place.api.end(quick.id);
    best.leadTo(port);
    await dials(place, first);
    await place.open('go');
    const job = await place.api.end(id);

    assert.match(
      away.health?.problems.join() ?? '',
      new RegExp(`reached by ${second}:.*${first}://127.0.0.1:${best.port}`),
    );
    assert.deepEqual([quickly.state, job.state, job.attempt, job.log?.complete], ['succeeded', 'succeeded', 1, true]);
    await place.ledger.check(job, place.api);
    await place.ledger.check(quickly, place.api);
    await until('the other way to be left', () => other.open === 0);
    assert.deepEqual((await place.api.agent('a1')).health, { state: 'ok', problems: [] });
  });
}

it('joins by whichever way works', async () => {
  await using place = await createFaultPlace();
  await place.hub.start();
  const { host } = new URL(place.address);
  const agent = await place.addAgent('a1', {
    FARHAND_HUB_URL: `ws://127.0.0.1:${await findClosedPort()},grpc://${host}`,
  });

  await agent.start();

  await dials(place, 'grpc');
});
