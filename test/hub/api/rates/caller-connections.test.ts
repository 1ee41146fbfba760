import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { defaultApiLimits } from '../../../../hub/api/api-limits.ts';
import { CallerConnections } from '../../../../hub/api/rates/caller-connections.ts';
import type { Principal } from '../../../../hub/identity/principal.ts';
import type { HubMetrics } from '../../../../hub/metrics/hub-metrics.ts';
import { checkLeaks } from '../../../support/leak-check.ts';
import { head, openRaw, type RawClient, statusesOf } from '../../../support/raw-client.ts';
import { until } from '../../../support/until.ts';
import { type ApiHarness, startApi } from '../api-harness.ts';

checkLeaks();

/** Asks on a connection of its own, which stays open. */
async function hold(api: ApiHarness, token: string): Promise<RawClient> {
  const client = openRaw({ port: Number(new URL(api.url).port) });
  await ask(client, token);
  return client;
}

async function ask(client: RawClient, token: string): Promise<number | undefined> {
  const before = statusesOf(client.said).length;
  client.write(head('GET /api/v1/jobs HTTP/1.1', 'Host: x', `Authorization: Bearer ${token}`));
  await until('an answer', () => statusesOf(client.said).length > before);
  return statusesOf(client.said).at(-1);
}

const statuses = (clients: readonly RawClient[]) => clients.map(({ said }) => statusesOf(said)[0]);

describe('connections of a caller', () => {
  it('beyond those that one may have are answered 429, until others of theirs have gone', async () => {
    await using api = await startApi({ connections: 2 });
    using clients = new DisposableStack();
    const { admin, viewer } = api.tokens;
    const mine: RawClient[] = [];
    for (let each = 0; each < 3; each += 1) mine.push(clients.use(await hold(api, viewer)));

    const other = clients.use(await hold(api, admin));
    const again = await ask(mine[0] ?? other, viewer);
    mine[1]?.[Symbol.dispose]();
    await until('room for another', async () => (await ask(mine[2] ?? other, viewer)) === 200);

    assert.deepEqual(statuses(mine), [200, 200, 429]);
    assert.match(mine[2]?.said ?? '', /"full":\{"what":"connections","limit":2,"key":"FARHAND_MAX_CONNECTIONS"\}/);
    assert.match(mine[2]?.said ?? '', /retry-after: \d+/i);
    assert.deepEqual(statuses([other]), [200]);
    assert.equal(again, 200);
  });

  it('count for who called on them last, where several do', async () => {
    await using api = await startApi({ connections: 1 });
    using clients = new DisposableStack();
    const { admin, viewer } = api.tokens;
    const shared = clients.use(await hold(api, viewer));

    const first = await ask(shared, admin);
    const freed = clients.use(await hold(api, viewer));
    const taken = clients.use(await hold(api, admin));

    assert.equal(first, 200);
    assert.deepEqual(statuses([freed, taken]), [200, 429]);
  });

  it('are bounded for all callers of an account together', async () => {
    await using api = await startApi({ connections: 1 });
    using clients = new DisposableStack();
    const tokens: string[] = [];
    for (let each = 0; each < 5; each += 1) tokens.push(await api.makeToken('viewer', 'red'));

    const held: RawClient[] = [];
    for (const token of tokens) held.push(clients.use(await hold(api, token)));
    const other = clients.use(await hold(api, api.tokens.viewer));

    assert.deepEqual(statuses(held), [200, 200, 200, 200, 429]);
    assert.match(held[4]?.said ?? '', /"limit":4,/);
    assert.deepEqual(statuses([other]), [200]);
  });
});

describe('a connection of an account that has as many as it may', () => {
  it('is taken over by another caller of the account, and by none of another', () => {
    const refused: string[] = [];
    const metrics = { refusals: { request: (what: string) => void refused.push(what) } };
    const connections = new CallerConnections({
      limits: { ...defaultApiLimits, connections: 1 },
      metrics: metrics as unknown as Pick<HubMetrics, 'refusals'>,
    });
    const sockets = Array.from({ length: 5 }, () => new Socket());
    const [first, , , , stranger] = sockets;
    assert.ok(first && stranger);
    const callerOf = (tokenId: string, account = 'red'): Principal => ({
      type: 'token',
      tokenId,
      account,
      role: 'admin',
    });
    sockets.slice(0, 4).forEach((socket, index) => connections.take(socket, callerOf(`t${index}`)));
    connections.take(stranger, callerOf('of blue', 'blue'));

    connections.take(first, callerOf('t9'));

    assert.throws(() => connections.take(stranger, callerOf('t8')), { code: 'too-many' });
    assert.deepEqual(refused, ['connections']);
  });
});
