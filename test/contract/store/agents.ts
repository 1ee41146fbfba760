import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JoinTokenRecord } from '../../../hub/store/records.ts';
import { parseLabelSelector } from '../../../protocol/label-selector.ts';
import { toKeyFingerprint } from '../../../runtime/key-fingerprint.ts';
import { account, createScene, type OpenStore, reportOf, type Scene } from './scene.ts';

async function makeToken(scene: Scene, hash: string, change: Partial<JoinTokenRecord> = {}): Promise<void> {
  await scene.apply('create-join-token', {
    token: {
      id: `id of ${hash}`,
      account,
      usesLeft: null,
      expiresAt: null,
      allowedLabels: [],
      labels: {},
      ephemeral: false,
      ...change,
    },
    hash,
    actor: 'token:t1',
  });
}

function enrol(scene: Scene, joinTokenHash: string, name: string, publicKey: string, claimedLabels = {}) {
  return scene.apply('enrol-agent', {
    joinTokenHash,
    agentId: crypto.randomUUID(),
    name,
    publicKey,
    claimedLabels,
  });
}

export function testAgents(open: OpenStore): void {
  describe('agents', () => {
    test('enrol with a token, as often as it allows', async () => {
      await using store = await open();
      const scene = createScene(store);
      await makeToken(scene, 'two', { usesLeft: 2 });
      await makeToken(scene, 'old', { expiresAt: scene.now() });

      const answers = [
        await enrol(scene, 'two', 'a1', 'k1'),
        await enrol(scene, 'two', 'a2', 'k2'),
        await enrol(scene, 'two', 'a3', 'k3'),
        await enrol(scene, 'old', 'a4', 'k4'),
        await enrol(scene, 'nobody knows', 'a5', 'k5'),
      ];

      assert.deepEqual(
        answers.map(({ type }) => type),
        ['enrolled', 'enrolled', 'token-invalid', 'token-invalid', 'token-invalid'],
      );
      assert.equal((await store.queries.joinTokenByHash('two'))?.usesLeft, 0);
    });

    test('get the same answer when the first one was lost, though the token is used up', async () => {
      await using store = await open();
      const scene = createScene(store);
      await makeToken(scene, 'one', { usesLeft: 1 });

      const first = await enrol(scene, 'one', 'a1', 'k1');
      const again = await enrol(scene, 'one', 'a1', 'k1');
      const thief = await enrol(scene, 'one', 'a1', 'k2');

      assert.ok(first.type === 'enrolled' && again.type === 'repeated');
      assert.deepEqual(again.agent, first.agent);
      assert.equal(thief.type, 'token-invalid');
    });

    test('get that answer with the token that they came with, or with another that is good', async () => {
      await using store = await open();
      const scene = createScene(store);
      for (const hash of ['own', 'spent', 'good']) await makeToken(scene, hash, { usesLeft: 1 });
      await enrol(scene, 'own', 'a1', 'key');
      await enrol(scene, 'spent', 'a2', 'other key');

      const answers = [];
      for (const hash of ['own', 'spent', 'good']) answers.push((await enrol(scene, hash, 'a1', 'key')).type);

      assert.deepEqual(answers, ['repeated', 'token-invalid', 'repeated']);
    });

    test('keep their names, unless the token says that its agents come and go', async () => {
      await using store = await open();
      const scene = createScene(store);
      await makeToken(scene, 'firm');
      await makeToken(scene, 'pods', { ephemeral: true });
      await makeToken(scene, 'other pods', { ephemeral: true });
      await makeToken(scene, 'elsewhere', { account: 'other' });
      await enrol(scene, 'firm', 'a1', 'k1');
      const pod = await enrol(scene, 'pods', 'pod', 'k2');

      const taken = await enrol(scene, 'firm', 'a1', 'k3');
      const takenByPod = await enrol(scene, 'pods', 'a1', 'k3');
      const reborn = await enrol(scene, 'pods', 'pod', 'k4');
      const foreign = await enrol(scene, 'other pods', 'pod', 'k5');
      const namesake = await enrol(scene, 'elsewhere', 'a1', 'k6');

      assert.deepEqual(
        [taken.type, takenByPod.type, foreign.type, namesake.type],
        ['name-taken', 'name-taken', 'name-taken', 'enrolled'],
      );
      assert.ok(pod.type === 'enrolled' && reborn.type === 'enrolled');
      assert.deepEqual([reborn.agent.id, reborn.agent.publicKey], [pod.agent.id, 'k4']);
    });

    test('have the labels that they may claim, and those of their token', async () => {
      await using store = await open();
      const scene = createScene(store);
      const labels = { 'farhand.io/pool': 'one' };
      await makeToken(scene, 't', { allowedLabels: parseLabelSelector('site in (ams,fra)'), labels });

      const refused = await enrol(scene, 't', 'a1', 'k1', { site: 'lon', tier: 'edge', 'farhand.io/pool': 'two' });
      const enrolled = await enrol(scene, 't', 'a1', 'k1', { site: 'ams' });
      assert.ok(enrolled.type === 'enrolled');
      const report = (claimed: Record<string, string> | null) =>
        scene.apply('record-agent-report', { agentId: enrolled.agent.id, labels: claimed, report: reportOf() });
      const moved = await report({ site: 'fra', 'farhand.io/pool': 'two', tier: 'edge' });
      const silent = await report(null);

      assert.deepEqual(refused, { type: 'labels-not-allowed', labels: ['site', 'tier', 'farhand.io/pool'] });
      assert.deepEqual(enrolled.agent.labels, { site: 'ams', ...labels });
      assert.deepEqual(moved?.agent.labels, { site: 'fra', ...labels });
      assert.deepEqual(silent?.agent.labels, { site: 'fra', ...labels });
    });

    test('are known by their newest report', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id, name } = await scene.agent();
      const report = reportOf({ version: '2.0.0' });

      await scene.apply('record-agent-report', { agentId: id, labels: null, report: reportOf() });
      const recorded = await scene.apply('record-agent-report', { agentId: id, labels: null, report });
      const unknown = await scene.apply('record-agent-report', { agentId: 'nobody', labels: null, report });

      const agent = await store.queries.agent(id);
      assert.deepEqual(agent, recorded?.agent);
      assert.deepEqual(
        [agent?.report, agent?.reportedAt, agent?.lastSeenAt],
        [report, scene.now() - 1000, scene.now() - 1000],
      );
      const { publicKey, nextPublicKey, revokedAt } = agent ?? {};
      assert.deepEqual(await store.queries.agentIdentity(id), {
        id,
        account,
        name,
        publicKey,
        nextPublicKey,
        revokedAt,
      });
      assert.equal(await store.queries.agentIdentity('nobody'), null);
      assert.deepEqual(await store.queries.agentByName(account, name), agent);
      assert.equal(await store.queries.agentByName('other', name), null);
      assert.equal(unknown, null);
    });

    test('a new channel takes the next epoch at once; the older one can neither renew nor release', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const take = (owner: string) => scene.apply('take-lease', { agentId, owner, expiresAt: 1 });

      const second = await take('hub-1');
      const third = await take('hub-2');
      const renewed = await scene.apply('renew-leases', {
        owner: 'hub-1',
        leases: [
          { agentId, epoch: 2 },
          { agentId, epoch: 3 },
          { agentId: 'nobody', epoch: 1 },
        ],
        expiresAt: 99,
      });
      await scene.apply('release-lease', { agentId, owner: 'hub-1', epoch: 2 });
      const held = await store.queries.agent(agentId);
      const kept = await scene.apply('renew-leases', {
        owner: 'hub-2',
        leases: [{ agentId, epoch: 3 }],
        expiresAt: 99,
      });
      const prolonged = await store.queries.agent(agentId);
      await scene.apply('release-lease', { agentId, owner: 'hub-2', epoch: 3 });
      const left = await store.queries.agent(agentId);

      assert.ok(second.type === 'taken' && third.type === 'taken');
      assert.deepEqual([second.epoch, third.epoch], [2, 3]);
      assert.deepEqual(renewed.gone, [agentId, agentId, 'nobody']);
      assert.deepEqual(held?.lease, { owner: 'hub-2', epoch: 3, expiresAt: 1 });
      assert.deepEqual(kept.gone, []);
      assert.deepEqual([prolonged?.lease?.expiresAt, prolonged?.lastSeenAt], [99, scene.now() - 1000]);
      assert.deepEqual(left?.lease, { owner: null, epoch: 3, expiresAt: scene.now() });
      assert.equal((await scene.apply('take-lease', { agentId: 'nobody', owner: 'h', expiresAt: 1 })).type, 'unknown');
    });

    test('cannot enrol with a token at the very moment at which it is over', async () => {
      await using store = await open();
      const scene = createScene(store);
      await makeToken(scene, 'h', { expiresAt: scene.now() + 3_000 });

      const answers = [];
      for (const name of ['a1', 'a2']) answers.push((await enrol(scene, 'h', name, name)).type);

      assert.deepEqual(answers, ['enrolled', 'token-invalid']);
    });

    test('keep what is wanted of them, and of their key, when something else is or they come with a new one', async () => {
      await using store = await open();
      const scene = createScene(store);
      await makeToken(scene, 'h', { ephemeral: true });
      await enrol(scene, 'h', 'a1', 'key');
      const by = { account, name: 'a1', actor: 'token:t1' } as const;
      await scene.apply('rotate-agent-key', by);
      await scene.apply('set-agent-desired', { ...by, desired: { schedulable: false, drain: true, note: 'disk' } });
      const before = await store.queries.agentByName(account, 'a1');

      await enrol(scene, 'h', 'a1', 'another key');

      assert.equal(before?.desired.replaceKey?.old, toKeyFingerprint('key'));
      const { drain, note } = (await store.queries.agentByName(account, 'a1'))?.desired ?? {};
      assert.deepEqual([drain, note], [true, 'disk']);
    });

    test('are told to be back in the audit when their lease had run out', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId } = await scene.agent();
      const take = (at: number) => store.apply('take-lease', { agentId, owner: 'hub-1', expiresAt: at + 30_000, at });
      const online = async () => {
        const events = await store.queries.auditOf(account, `agent:${agentId}`, 0, 100);
        return events.filter(({ action }) => action === 'agent.online').length;
      };

      await take(scene.now() + 10_000);
      const inTime = await online();
      await take(scene.now() + 40_000);

      assert.deepEqual([inTime, await online()], [1, 2]);
    });

    test('a channel of the same hub renews and releases nothing of a newer one of its agent', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent('a1');
      const owner = 'hub-1';
      await scene.apply('take-lease', { agentId: agent.id, owner, expiresAt: 5_000 });

      const leases = [{ agentId: agent.id, epoch: 1 }];
      const { gone } = await scene.apply('renew-leases', { owner, leases, expiresAt: 9_000 });
      await scene.apply('release-lease', { agentId: agent.id, owner, epoch: 1 });

      assert.deepEqual(gone, [agent.id]);
      assert.deepEqual((await store.queries.agent(agent.id))?.lease, { owner, epoch: 2, expiresAt: 5_000 });
    });

    test('change their key where that was asked for, and to the one that they offered', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: agentId, publicKey } = await scene.agent('a1');
      const keys = async () => {
        const record = await store.queries.agent(agentId);
        return [record?.publicKey, record?.nextPublicKey];
      };
      const offer = async (key: string) => (await scene.apply('offer-agent-key', { agentId, publicKey: key })).type;
      const adopt = async (key: string) =>
        (await scene.apply('adopt-agent-key', { agentId, fingerprint: toKeyFingerprint(key) })).type;

      const unasked = await offer('next');
      await scene.apply('rotate-agent-key', { account, name: 'a1', actor: 'token:t1' });
      const answers = [await offer(publicKey), await offer('next'), await adopt('another')];
      const between = await keys();
      const adopted = await adopt('next');

      assert.deepEqual([unasked, ...answers, adopted], ['ignored', 'ignored', 'accepted', 'ignored', 'adopted']);
      assert.deepEqual(
        [between, await keys()],
        [
          [publicKey, 'next'],
          ['next', null],
        ],
      );
    });

    test('come and go in the audit, and a channel that replaces another is no news', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id } = await scene.agent();
      const take = (owner: string, expiresAt: number) => scene.apply('take-lease', { agentId: id, owner, expiresAt });
      const first = await take('hub-1', scene.now() + 60_000);
      const second = await take('hub-2', scene.now() + 60_000);
      assert.ok(first.type === 'taken' && second.type === 'taken');
      const release = (owner: string, epoch: number) => scene.apply('release-lease', { agentId: id, owner, epoch });

      await release('hub-1', first.epoch);
      await release('hub-2', second.epoch);
      await take('hub-3', scene.now() + 1);

      const trail = await store.queries.auditOf(account, `agent:${id}`, 0, 20);
      assert.deepEqual(trail.map(({ action }) => action).slice(-2), ['agent.offline', 'agent.online']);
      assert.equal(trail.filter(({ action }) => action === 'agent.offline').length, 1);
    });

    test('are told what is wanted of them', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id, name } = await scene.agent();
      const desired = { schedulable: false, drain: true, note: 'disk swap' };

      const set = await scene.apply('set-agent-desired', { account, name, desired, actor: 'token:t1' });
      const foreign = await scene.apply('set-agent-desired', { account: 'other', name, desired, actor: 'token:t1' });

      assert.ok(set.type === 'set');
      assert.deepEqual([set.agent.desired, set.agent.desiredVersion], [{ ...desired, replaceKey: null }, 2]);
      assert.equal(foreign.type, 'not-found');
      const trail = await store.queries.auditOf(account, `agent:${id}`, 0, 10);
      assert.deepEqual(
        trail.map(({ action, actor }) => [action, actor.split(':')[0]]),
        [
          ['agent.enrolled', 'join-token'],
          ['agent.online', 'agent'],
          ['agent.desired-changed', 'token'],
        ],
      );
    });

    test('keep what is wanted of them when that was changed since somebody looked', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id, name } = await scene.agent();
      const drained = { schedulable: false, drain: true, note: 'disk swap' };
      const resumed = { schedulable: true, drain: false, note: null };
      const set = (desired: typeof drained | typeof resumed, ifVersion: number) =>
        scene.apply('set-agent-desired', { account, name, desired, ifVersion, actor: 'token:t1' });

      const first = await set(drained, 1);
      const stale = await set(resumed, 1);
      const second = await set(resumed, 2);

      assert.deepEqual([first.type, stale.type, second.type], ['set', 'stale', 'set']);
      assert.ok(stale.type === 'stale');
      assert.deepEqual([stale.agent.desired, stale.agent.desiredVersion], [{ ...drained, replaceKey: null }, 2]);
      const trail = await store.queries.auditOf(account, `agent:${id}`, 0, 10);
      assert.equal(trail.filter(({ action }) => action === 'agent.desired-changed').length, 2);
    });

    test('are listed by name, page by page, account by account', async () => {
      await using store = await open();
      const scene = createScene(store);
      for (const name of ['c', 'a', 'B', 'd', 'e']) await scene.agent(name);
      await makeToken(scene, 'elsewhere', { account: 'other' });
      await enrol(scene, 'elsewhere', 'x', 'k');

      const first = await store.queries.agents(account, { limit: 2, cursor: null });
      const second = await store.queries.agents(account, { limit: 3, cursor: first.nextCursor });

      const names = [...first.items, ...second.items].map(({ name }) => name);
      assert.deepEqual(names, ['B', 'a', 'c', 'd', 'e']);
      assert.notEqual(first.nextCursor, null);
      assert.equal(second.nextCursor, null);
      assert.equal((await store.queries.allAgents()).length, 6);
      await assert.rejects(store.queries.agents(account, { limit: 2, cursor: 'no' }), { code: 'cursor-invalid' });
    });
  });
}
