import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Store } from '../../../hub/store/store.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { account, createScene, type OpenStore, type Scene } from './scene.ts';

async function namesAhead(store: Store): Promise<readonly string[]> {
  return (await store.queries.agentsAhead()).map(({ name }) => name);
}

/** The agent says that it saw so much of that start. */
function doubt(
  scene: Scene,
  agentId: string,
  { startId, commits = 100, offered = [] }: { startId: string; commits?: number; offered?: readonly string[] },
) {
  return scene.apply('doubt-store', { agentId, startId, commits, offered });
}

/** A store whose files were put back learns of it from agents. */
export function testPutBackStore(open: OpenStore): void {
  describe('a store of which an agent has seen more', () => {
    test('knows the start that it has, and no other', async () => {
      await using store = await open();

      assert.deepEqual(await store.queries.start(store.startId), { overAt: null });
      assert.equal(await store.queries.start(systemRandom.uuid()), null);
    });

    test('is in doubt until each of those agents says otherwise', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [one, other] = [await scene.agent('a1'), await scene.agent('a2')];
      const startId = systemRandom.uuid();

      assert.deepEqual(await doubt(scene, one.id, { startId }), { holds: true });
      assert.deepEqual(await doubt(scene, other.id, { startId }), { holds: true });
      const both = await namesAhead(store);
      await scene.apply('clear-doubt', { agentId: one.id });

      assert.deepEqual(both, ['a1', 'a2']);
      assert.deepEqual(await namesAhead(store), ['a2']);
    });

    test('is in doubt no more by the word of an agent that was revoked', async () => {
      await using store = await open();
      const scene = createScene(store);
      const one = await scene.agent('a1');
      await doubt(scene, one.id, { startId: systemRandom.uuid() });
      const before = await namesAhead(store);

      await scene.apply('revoke-agent', { account, name: 'a1', loseJobs: null, note: null, actor: 'token:t1' });

      assert.deepEqual([before, await namesAhead(store)], [['a1'], []]);
    });

    test('holds for nobody what was given up, whoever tells of it later, and for somebody what was not', async () => {
      await using store = await open();
      const scene = createScene(store);
      const [one, other] = [await scene.agent('a1'), await scene.agent('a2')];
      const startId = systemRandom.uuid();
      await doubt(scene, one.id, { startId });

      const trusted = await scene.apply('trust-store', { actor: 'token:t1' });
      const same = await doubt(scene, other.id, { startId, commits: 200 });
      const nobody = await namesAhead(store);
      const another = await doubt(scene, other.id, { startId: systemRandom.uuid() });

      assert.deepEqual(trusted, { agents: ['a1'] });
      assert.deepEqual([same, nobody], [{ holds: false }, []]);
      assert.deepEqual([another, await namesAhead(store)], [{ holds: true }, ['a2']]);
    });

    test('changes nothing when it hears the same again, or is trusted without a doubt', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const startId = systemRandom.uuid();
      const nothing = await scene.apply('trust-store', { actor: 'token:t1' });
      await doubt(scene, agent.id, { startId });
      const before = store.commits();

      await doubt(scene, agent.id, { startId });
      await scene.apply('clear-doubt', { agentId: systemRandom.uuid() });

      assert.deepEqual(nothing, { agents: [] });
      assert.equal(store.commits(), before);
    });

    test('counts what stood offered as given, to whichever folder its agent shows', async () => {
      await using store = await open();
      const scene = createScene(store);
      const agent = await scene.agent();
      const [first, second] = [await scene.offer(await scene.submit(), agent), await scene.submit()];
      const later = await scene.offer(second, agent);

      await doubt(scene, agent.id, { startId: systemRandom.uuid(), offered: [first.id] });
      const given = await scene.attempt(first);
      const untouched = await scene.attempt(later);
      const answer = await scene.open(first, 'document');

      assert.deepEqual([given.state, given.number, given.folderId], ['running', 1, null]);
      assert.equal(untouched.state, 'offered');
      assert.ok(answer.type === 'job');
      assert.deepEqual([answer.desired, answer.document], ['run', null]);
    });
  });
}
