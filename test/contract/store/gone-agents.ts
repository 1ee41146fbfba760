import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AgentRecord } from '../../../hub/store/records.ts';
import { account, createScene, type OpenStore, reportOf, type Scene } from './scene.ts';

const day = 86_400_000;
const page = { limit: 10, cursor: null };

function revoke(
  scene: Scene,
  { name }: AgentRecord,
  loseJobs: { readonly retrySafe: readonly string[] } | null = null,
) {
  return scene.apply('revoke-agent', { account, name, loseJobs, note: null, actor: 'token:t1' });
}

function remove(scene: Scene, nameOrId: string, of = account) {
  return scene.apply('remove-agent', { account: of, nameOrId, actor: 'token:t1' });
}

async function leave(scene: Scene, { id, lease }: AgentRecord): Promise<void> {
  await scene.apply('release-lease', { agentId: id, owner: 'hub-1', epoch: lease?.epoch ?? 0 });
}

async function namesOf(scene: Scene): Promise<readonly string[]> {
  return (await scene.store.queries.agents(account, page)).items.map(({ name }) => name);
}

export function testGoneAgents(open: OpenStore): void {
  describe('agents that are gone', () => {
    test('are not forgotten that have joined and did not come yet', async () => {
      await using store = await open();
      const scene = createScene(store);
      await scene.apply('create-join-token', {
        token: {
          id: 'id of h',
          account,
          usesLeft: null,
          expiresAt: null,
          allowedLabels: [],
          labels: {},
          ephemeral: false,
        },
        hash: 'h',
        actor: 'token:t1',
      });
      const newcomer = { joinTokenHash: 'h', agentId: 'new', name: 'new', publicKey: 'key', claimedLabels: {} };
      await scene.apply('enrol-agent', newcomer);

      const early = await scene.apply('forget-agents', { before: scene.now() });
      const late = await scene.apply('forget-agents', { before: scene.now() + 60_000 });

      assert.deepEqual([early.agents, late.agents], [0, 1]);
    });

    test('are removed whose hub is gone, once their lease has run out', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent('a1');
      const removing = { account, nameOrId: 'a1', actor: 'token:t1' };
      const expiresAt = agent.lease?.expiresAt ?? 0;

      const early = await store.apply('remove-agent', { ...removing, at: expiresAt - 1 });
      const late = await store.apply('remove-agent', { ...removing, at: expiresAt });

      assert.deepEqual([early.type, late.type], ['online', 'removed']);
    });

    test('get no lease, no offer and no report once they are revoked, and leave their name to another', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent('a1');
      const job = await scene.submit();

      const revoked = await revoke(scene, agent);
      const again = await revoke(scene, agent);
      const taken = await scene.apply('take-lease', {
        agentId: agent.id,
        owner: 'hub-1',
        expiresAt: scene.now() + 1000,
      });
      const offered = await scene.apply('offer-attempt', {
        jobId: job.id,
        attemptId: crypto.randomUUID(),
        agentId: agent.id,
        leaseEpoch: agent.lease?.epoch ?? 0,
        digest: null,
        retrySafe: false,
      });
      const told = await scene.apply('record-agent-report', { agentId: agent.id, labels: null, report: reportOf() });
      const other = await scene.agent('a1');

      assert.deepEqual([revoked.type, again.type], ['revoked', 'not-found']);
      assert.deepEqual([taken.type, offered.type, told], ['unknown', 'lease-gone', null]);
      assert.notEqual(other.id, agent.id);
      assert.deepEqual(
        (await store.queries.revokedAgents(account, page)).items.map(({ id, revokedAt }) => [id, revokedAt !== null]),
        [[agent.id, true]],
      );
      assert.deepEqual((await store.queries.revokedAgents('other', page)).items, []);
      assert.equal((await store.queries.agentIdentity(agent.id))?.revokedAt !== null, true);
      const trail = await store.queries.auditOf(account, `agent:${agent.id}`, 0, 10);
      assert.deepEqual([trail.at(-1)?.action, trail.at(-1)?.actor], ['agent.revoked', 'token:t1']);
    });

    test('are not found by another account', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent('a1');

      const foreign = await scene.apply('revoke-agent', {
        account: 'other',
        name: 'a1',
        loseJobs: null,
        note: null,
        actor: 'token:t1',
      });

      assert.equal(foreign.type, 'not-found');
      assert.deepEqual(
        [(await remove(scene, 'a1', 'other')).type, (await remove(scene, agent.id, 'other')).type],
        ['not-found', 'not-found'],
      );
      assert.deepEqual(await namesOf(scene), ['a1']);
    });

    test('give back what was only offered, and keep or lose what runs, as is asked for', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent('a1');
      const runs = await scene.start({}, agent);
      const offered = await scene.submit();
      await scene.offer(offered, agent);
      const other = await scene.agent('a2');
      const lost = await scene.start({}, other);
      const again = await scene.start({ retry: { limit: 1, on: ['agent-lost'] } }, other);

      await revoke(scene, agent);
      await revoke(scene, other, { retrySafe: [again.tried.id] });

      const states = [runs.job, offered, lost.job, again.job].map(async (job) => (await scene.job(job)).state);
      assert.deepEqual(await Promise.all(states), ['running', 'queued', 'lost', 'queued']);
      assert.match((await scene.job(lost.job)).message ?? '', /a2 was revoked/);
    });

    test('are removed with their facts when they are offline and done, and not before', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent('a1');
      const facts = { probe: 'host', digest: 'd', facts: { os: 'a' }, collectedAt: null, durationMs: 1, volatile: [] };
      await scene.apply('record-facts', {
        agentId: agent.id,
        report: { ...facts, collectedAt: new Date(scene.now()).toISOString(), error: null },
      });
      const { job, tried } = await scene.start({}, agent);

      const online = await remove(scene, 'a1');
      await leave(scene, agent);
      const busy = await remove(scene, 'a1');
      await scene.end(tried, 'succeeded');
      const removed = await remove(scene, 'a1');

      assert.deepEqual([online.type, busy.type, removed.type], ['online', 'has-jobs', 'removed']);
      assert.equal(await store.queries.agent(agent.id), null);
      assert.equal(await store.queries.factsOf(agent.id, 'host'), null);
      assert.equal((await scene.job(job)).agentName, 'a1');
      assert.equal((await store.queries.auditOf(account, `agent:${agent.id}`, 0, 20)).at(-1)?.action, 'agent.removed');
    });

    test('are forgotten when nobody heard of them for long, unless a job of theirs is open', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [idle, busy, revoked, stays] = [
        await scene.agent('idle'),
        await scene.agent('busy'),
        await scene.agent('revoked'),
        await scene.agent('stays'),
      ];
      const { tried } = await scene.start({}, busy);
      await leave(scene, idle);
      await leave(scene, busy);
      await revoke(scene, revoked);
      const before = scene.now() + 1;
      await leave(scene, stays);

      const first = await scene.apply('forget-agents', { before });
      const second = await scene.apply('forget-agents', { before });

      assert.deepEqual([first.agents, second.agents], [2, 0]);
      assert.deepEqual(await namesOf(scene), ['busy', 'stays']);
      assert.equal(await store.queries.agent(revoked.id), null);
      await scene.end(tried, 'succeeded');
      assert.equal((await scene.apply('forget-agents', { before: scene.now() + day })).agents, 2);
    });

    test('are not forgotten while their channel is open', async () => {
      await using store = await open();
      const scene = createScene(store);
      await scene.agent('a1');

      const { agents } = await scene.apply('forget-agents', { before: scene.now() });

      assert.equal(agents, 0);
    });
  });

  describe('tokens that are over', () => {
    test('are shown as revoked, and removed later, but for one that a configuration may hold', async () => {
      await using store = await open();
      const scene = createScene(store);
      const create = (id: string, name: string, expiresAt: number | null = null) =>
        scene.apply('create-token', { id, hash: id, account, role: 'admin', name, expiresAt, actor: 'hub' });
      await create('stands', 'ci');
      await create('revoked', 'ci');
      await create('configured', 'FARHAND_ADMIN_TOKEN');
      await create('expired', 'ci', scene.now());
      for (const id of ['revoked', 'configured']) await scene.apply('revoke-token', { id, account, actor: 'token:t' });
      const shown = await store.queries.revokedTokens(account, page);

      const early = await scene.apply('remove-tokens', { before: scene.now() - 3_600_000 });
      const late = await scene.apply('remove-tokens', { before: scene.now() + day });

      assert.deepEqual(shown.items.map(({ id, revokedAt }) => `${id} ${revokedAt !== null}`).toSorted(), [
        'configured true',
        'revoked true',
      ]);
      assert.deepEqual([early.tokens, late.tokens], [0, 2]);
      assert.deepEqual(
        (await store.queries.tokens(account, page)).items.map(({ id }) => id),
        ['stands'],
      );
      assert.deepEqual(await store.queries.anyToken('configured'), { id: 'configured', account });
    });
  });
}
