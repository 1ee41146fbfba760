import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InventoryChange, InventoryFilter, InventoryItem, InventoryList } from '../../../hub/store/inventory.ts';
import type { Store } from '../../../hub/store/store.ts';
import { parseLabelSelector } from '../../../protocol/label-selector.ts';
import { account, createScene, type OpenStore } from './scene.ts';

const everything: InventoryFilter = {
  agent: null,
  cluster: null,
  namespace: null,
  kinds: [],
  states: [],
  namePrefix: '',
  labels: [],
};

function item(name: string, change: Partial<InventoryItem> = {}): InventoryItem {
  const namespace = change.namespace ?? null;
  return {
    resourceId: namespace === null ? `edge/${name}` : `edge/${namespace}/deployment/${name}`,
    cluster: 'edge',
    namespace,
    kind: namespace === null ? null : 'deployment',
    name,
    state: 'ready',
    labels: { name },
    report: { name },
    hash: `hash of ${name}`,
    shape: 'one',
    ...change,
  };
}

function put(one: InventoryItem, list: InventoryList = 'nodes'): InventoryChange {
  return { type: 'put', list, item: one };
}

function gone(resourceId: string, list: InventoryList = 'nodes'): InventoryChange {
  return { type: 'gone', list, resourceId };
}

/** Of all pages, each of at most `limit`. */
async function findAll(
  store: Store,
  {
    list = 'nodes',
    of = account,
    limit = 100,
    ...filter
  }: Partial<InventoryFilter> & { list?: InventoryList; of?: string; limit?: number },
) {
  const found = [];
  let cursor: string | null = null;
  do {
    const page = await store.queries.inventory(of, list, { filter: { ...everything, ...filter }, limit, cursor });
    assert.ok(page.items.length <= limit);
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

async function namesOf(store: Store, given: Parameters<typeof findAll>[1] = {}) {
  return (await findAll(store, given)).map(({ report }) => report['name']);
}

export function testInventory(open: OpenStore): void {
  describe('nodes and apps', () => {
    test('are one row each, with the time of their last change, and what was told before writes nothing', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent('a1');
      const record = (...changes: InventoryChange[]) => scene.apply('record-inventory', { agentId, changes });

      const first = await record(put(item('n1')), put(item('n2')));
      const firstAt = scene.now();
      const commits = store.commits();
      const again = await record(put(item('n1')), put(item('n2')));
      const unwritten = store.commits() - commits;
      const changed = await record(
        put(item('n1', { hash: 'other', state: 'not-ready', report: { name: 'n1', is: 'worse' } })),
      );
      const [one, two] = await findAll(store, {});

      assert.deepEqual(
        [first, again, changed],
        [2, 0, 1].map((written) => ({ type: 'recorded', written, refused: 0 })),
      );
      assert.equal(unwritten, 0);
      assert.deepEqual(one?.report, { name: 'n1', is: 'worse', labels: { name: 'n1' } });
      assert.deepEqual([one?.firstSeenAt, one?.changedAt], [firstAt, scene.now()]);
      assert.deepEqual([two?.firstSeenAt, two?.changedAt], [firstAt, firstAt]);
      assert.deepEqual([one?.agent.id, one?.agent.name], [agentId, 'a1']);
      assert.match(one?.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    });

    test('go when their agent says that they are gone, and have their id again when they come back', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const record = (...changes: InventoryChange[]) => scene.apply('record-inventory', { agentId, changes });
      await record(put(item('n1')), put(item('n2')));
      const [before] = await findAll(store, {});

      const removed = await record(gone('edge/n1'), gone('edge/never'), gone('edge/n2', 'apps'));
      const left = await namesOf(store);
      await record(put(item('n1')));

      assert.deepEqual(removed, { type: 'recorded', written: 1, refused: 0 });
      assert.deepEqual(left, ['n2']);
      assert.equal((await findAll(store, {}))[0]?.id, before?.id);
    });

    test('of one agent are neither changed nor removed by another, and each has a row of what both tell of', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [one, other] = [await scene.agent('a1'), await scene.agent('a2')];
      await scene.apply('record-inventory', { agentId: one.id, changes: [put(item('n1')), put(item('n2'))] });

      await scene.apply('record-inventory', {
        agentId: other.id,
        changes: [put(item('n1', { state: 'unknown' })), gone('edge/n2')],
      });

      const found = await findAll(store, {});
      assert.deepEqual(
        new Set(found.map(({ agent, report }) => `${agent.name} ${JSON.stringify(report['name'])}`)),
        new Set(['a1 "n1"', 'a1 "n2"', 'a2 "n1"']),
      );
      assert.equal(new Set(found.map(({ id }) => id)).size, 3);
      const nobody = await scene.apply('record-inventory', { agentId: 'nobody', changes: [put(item('n1'))] });
      assert.deepEqual(nobody, { type: 'unknown' });
    });

    test('of another account are not there', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent('a1', { account: 'theirs' });
      await scene.apply('record-inventory', { agentId, changes: [put(item('n1'))] });

      const [theirs] = await findAll(store, { of: 'theirs' });

      const id = theirs?.id ?? '';
      assert.notEqual(await store.queries.inventoryItem('theirs', 'nodes', id), null);
      assert.equal(await store.queries.inventoryItem(account, 'nodes', id), null);
      assert.equal(await store.queries.inventoryItem('theirs', 'apps', id), null);
      assert.deepEqual(await findAll(store, {}), []);
      assert.deepEqual(await findAll(store, { agent: 'a1' }), []);
    });

    test('are found by agent, cluster, namespace, kind, state, labels and the beginning of their name', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [one, other] = [await scene.agent('a1'), await scene.agent('a2')];
      const app = (name: string, change: Partial<InventoryItem>) =>
        put(item(name, { namespace: 'shop', ...change }), 'apps');
      await scene.apply('record-inventory', {
        agentId: one.id,
        changes: [
          app('web', { labels: { tier: 'front', team: 'a' } }),
          app('web-admin', { kind: 'statefulset', labels: { tier: 'front' } }),
          app('db', { namespace: 'data', state: 'degraded' }),
          app('Web', { state: 'stopped' }),
        ],
      });
      await scene.apply('record-inventory', {
        agentId: other.id,
        changes: [app('web', { cluster: 'lab', resourceId: 'lab/shop/deployment/web', state: 'changing' })],
      });
      const named = (given: Partial<InventoryFilter>) => namesOf(store, { list: 'apps', ...given });

      assert.deepEqual(await named({}), ['Web', 'db', 'web', 'web', 'web-admin']);
      assert.deepEqual(await named({ agent: 'a2' }), ['web']);
      assert.deepEqual(await named({ agent: 'nobody' }), []);
      assert.deepEqual(await named({ cluster: 'edge', namePrefix: 'web' }), ['web', 'web-admin']);
      assert.deepEqual(await named({ namespace: 'data' }), ['db']);
      assert.deepEqual(await named({ kinds: ['statefulset', 'daemonset'] }), ['web-admin']);
      assert.deepEqual(await named({ states: ['degraded', 'changing'] }), ['db', 'web']);
      assert.deepEqual(await named({ labels: parseLabelSelector('tier=front,!team') }), ['web-admin']);
      assert.deepEqual(await named({ namespace: 'shop', agent: 'a1', states: ['stopped'] }), ['Web']);
      assert.deepEqual(await namesOf(store, { list: 'nodes' }), []);
    });

    test('are listed page by page in the order of their names, however rare what is asked for is', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const names = Array.from({ length: 11_000 }, (_, index) => `n${String(index).padStart(5, '0')}`);
      // The last of each stretch that is looked at in one go, and some that are anywhere.
      const labelsOf = (index: number) => ({ rare: String(index % 5500 === 7), last: String(index % 5000 === 4999) });
      for (let from = 0; from < names.length; from += 1000) {
        const changes = names
          .slice(from, from + 1000)
          .map((name, index) => put(item(name, { labels: labelsOf(from + index) })));
        await scene.apply('record-inventory', { agentId, changes });
      }

      assert.deepEqual(await namesOf(store, { limit: 500 }), names);
      assert.deepEqual(await namesOf(store, { limit: 1, labels: parseLabelSelector('rare=true') }), [
        'n00007',
        'n05507',
      ]);
      assert.deepEqual(await namesOf(store, { limit: 1, labels: parseLabelSelector('last=true') }), [
        'n04999',
        'n09999',
      ]);
      assert.deepEqual(await namesOf(store, { limit: 3, namePrefix: 'n1099' }), names.slice(-10));
      const wrong = { filter: everything, limit: 1, cursor: 'no' };
      await assert.rejects(store.queries.inventory(account, 'nodes', wrong), { code: 'cursor-invalid' });
    });

    test('are told with their hashes, so that what an agent has still need not be sent again', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      await scene.apply('record-inventory', { agentId, changes: ['c', 'a', 'b'].map((name) => put(item(name))) });
      const has = await store.queries.hasInventory(agentId);

      const first = await store.queries.heldInventory(agentId, 'nodes', { after: '', limit: 2 });
      const second = await store.queries.heldInventory(agentId, 'nodes', { after: 'edge/b', limit: 2 });

      assert.deepEqual(
        [...first, ...second],
        ['a', 'b', 'c'].map((name) => ({ resourceId: `edge/${name}`, hash: `hash of ${name}`, shape: 'one' })),
      );
      assert.deepEqual(await store.queries.heldInventory(agentId, 'apps', { after: '', limit: 2 }), []);
      assert.deepEqual([has, await store.queries.hasInventory('nobody')], [true, false]);
    });

    test('of another form are taken again, although their hash is known', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      await scene.apply('record-inventory', { agentId, changes: [put(item('n1'))] });

      const answer = await scene.apply('record-inventory', {
        agentId,
        changes: [put(item('n1', { shape: 'two', report: { name: 'n1', more: true } }))],
      });

      assert.deepEqual(answer, { type: 'recorded', written: 1, refused: 0 });
      assert.equal((await findAll(store, {}))[0]?.report['more'], true);
    });

    test('that are more than an agent may have are refused, and those that are there may still change and go', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const record = (...changes: InventoryChange[]) => scene.apply('record-inventory', { agentId, changes });
      const large = (name: string, hash = name) =>
        put(item(name, { hash, report: { name, text: hash.repeat(1_000_000) } }), 'apps');
      for (let from = 0; from < 20_000; from += 2_000) {
        await record(...Array.from({ length: 2_000 }, (_, index) => put(item(`n${from + index}`))));
      }

      const tooMany = await record(
        put(item('more')),
        put(item('n0', { hash: 'new' })),
        gone('edge/n1'),
        put(item('again')),
      );
      const tooLarge = await record(...Array.from({ length: 70 }, (_, index) => large(`a${index}`, 'x')));
      const smaller = await record(put(item('a0', { hash: 'small' }), 'apps'));

      assert.deepEqual(tooMany, { type: 'recorded', written: 2, refused: 2 });
      assert.deepEqual([tooLarge.type, tooLarge.type === 'recorded' && tooLarge.refused > 0], ['recorded', true]);
      assert.deepEqual(smaller, { type: 'recorded', written: 1, refused: 0 });
    });

    test('that are replaced leave their room to others, and take but what they grow by', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const record = (...changes: InventoryChange[]) => scene.apply('record-inventory', { agentId, changes });
      const large = (name: string, hash = 'large') =>
        put(item(name, { hash, report: { name, text: 'x'.repeat(4_000_000) } }));
      const small = (name: string) => put(item(name, { hash: 'small' }));
      const full = await record(...Array.from({ length: 20 }, (_, index) => large(`n${index}`)));

      const same = await record(large('n0', 'other'));
      const smallerFirst = await record(small('n0'), large('more-1'), large('more-2'));
      const smaller = await record(small('n1'));
      const later = await record(large('more-3'), large('more-4'));

      const refused = [full, same, smallerFirst, smaller, later].map(
        (answer) => answer.type === 'recorded' && answer.refused,
      );
      assert.deepEqual(refused, [4, 0, 1, 0, 1]);
    });

    test('of an agent that is revoked or removed are shown no more, and are removed a little at a time', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agents = [await scene.agent('revoked'), await scene.agent('removed'), await scene.agent('stays')];
      for (const { id: agentId } of agents) {
        const changes = Array.from({ length: 700 }, (_, index) => put(item(`n${index}`)));
        await scene.apply('record-inventory', { agentId, changes });
      }
      const [revoked, removed] = agents;
      const [shown] = await findAll(store, { agent: 'revoked' });
      const by = { account, actor: 'token:t1' };
      await scene.apply('revoke-agent', { ...by, name: 'revoked', loseJobs: null, note: null });
      await scene.apply('release-lease', {
        agentId: removed?.id ?? '',
        owner: 'hub-1',
        epoch: removed?.lease?.epoch ?? 0,
      });
      await scene.apply('remove-agent', { ...by, nameOrId: 'removed' });

      const after = await findAll(store, { limit: 500 });
      const sums = await store.queries.inventorySums();
      const steps: number[] = [];
      for (let rows = -1; rows !== 0; steps.push(rows)) rows = (await scene.apply('remove-inventory', {})).rows;

      assert.deepEqual(new Set(after.map(({ agent }) => agent.name)), new Set(['stays']));
      assert.equal(after.length, 700);
      assert.equal(await store.queries.inventoryItem(account, 'nodes', shown?.id ?? ''), null);
      assert.deepEqual(sums, [{ agentId: agents[2]?.id, cluster: 'edge', list: 'nodes', rows: 700 }]);
      assert.deepEqual(steps, [500, 200, 500, 200, 0]);
      assert.equal(await store.queries.hasInventory(revoked?.id ?? ''), false);
      assert.equal((await findAll(store, { limit: 500 })).length, 700);
      const late = await scene.apply('record-inventory', { agentId: revoked?.id ?? '', changes: [put(item('late'))] });
      assert.deepEqual(late, { type: 'unknown' });
    });
  });
}
