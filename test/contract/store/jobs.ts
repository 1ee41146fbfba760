import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NewJob } from '../../../hub/store/command.ts';
import { account, createScene, type OpenStore } from './scene.ts';

export function testJobs(open: OpenStore): void {
  describe('submitted jobs', () => {
    test('come back as they were given', async () => {
      await using store = await open();
      const scene = createScene(store);
      const given: Partial<NewJob> = {
        digest: 'ab'.repeat(32),
        parameters: {
          text: 'ä\u0000"\n😀',
          number: 1.5,
          big: 2 ** 53 - 1,
          truth: false,
          none: null,
          deep: { list: [1, {}] },
        },
        secretNames: ['password'],
        secrets: new Uint8Array([0, 255, 1]),
        selector: 'site in (ams,fra)',
        priority: -7,
        labels: { ticket: '42', 'example.org/x': '' },
        timeoutSeconds: 0.5,
        expiresAt: 9_000_000_000_000,
        retry: { limit: 3, on: ['agent-lost', 'signal'] },
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        tracestate: 'congo=t61',
      };

      const job = await scene.submit(given);

      const { secrets: _, ...shown } = given;
      assert.deepEqual({ ...job, ...shown }, job);
      assert.deepEqual(await scene.job(job), job);
      assert.equal(job.state, 'queued');
      assert.equal(job.version, 1);
      assert.equal(job.createdAt, scene.now());
    });

    test('are not shown to another account', async () => {
      await using store = await open();
      const scene = createScene(store);
      const job = await scene.submit();

      assert.equal(await store.queries.job('other', job.id), null);
      assert.deepEqual(await scene.apply('cancel-job', { account: 'other', jobId: job.id, actor: 'x' }), {
        type: 'not-found',
      });
    });

    test('with the same key and request are the same job; with another request a conflict', async () => {
      await using store = await open();
      const scene = createScene(store);
      const job = await scene.submit();
      const { id: _, ...rest } = job;
      const again = (id: string, key: string, requestDigest: string, of = account) =>
        scene.apply('submit-job', {
          job: { ...rest, id, account: of, secrets: null },
          actor: 'token:t1',
          idempotency: { key, requestDigest },
        });

      const first = await again('j1', 'k', 'd');
      const repeated = await again('j2', 'k', 'd');
      const conflict = await again('j3', 'k', 'e');
      const otherKey = await again('j4', 'l', 'd');
      const otherAccount = await again('j5', 'k', 'e', 'other');

      assert.equal(first.type, 'created');
      assert.ok(repeated.type === 'repeated');
      assert.equal(repeated.job.id, 'j1');
      assert.equal(conflict.type, 'conflict');
      assert.equal(otherKey.type, 'created');
      assert.equal(otherAccount.type, 'created');
      assert.equal(await store.queries.job(account, 'j2'), null);
    });

    test('with the same key in the same turn are the same job', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { id: _, ...rest } = await scene.submit();
      const submit = (id: string) =>
        scene.apply('submit-job', {
          job: { ...rest, id, secrets: null },
          actor: 'token:t1',
          idempotency: { key: 'k', requestDigest: 'd' },
        });

      const answers = await Promise.all([submit('j1'), submit('j2')]);

      assert.deepEqual(
        answers.map(({ type }) => type),
        ['created', 'repeated'],
      );
    });

    test('leave a trail that says who, what and which, and no secrets', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start({ secretNames: ['p'], secrets: Buffer.from('hidden') });
      await scene.end(tried, 'succeeded');

      const trail = await store.queries.auditOf(account, `job:${job.id}`, 0, 100);

      const agent = `agent:${tried.agent.id}`;
      assert.deepEqual(
        trail.map(({ actor, action }) => [actor, action]),
        [
          ['token:t1', 'job.queued'],
          ['hub', 'job.offered'],
          [agent, 'job.running'],
          [agent, 'job.succeeded'],
        ],
      );
      assert.ok(!JSON.stringify(trail).includes('hidden'));
      const all = await store.queries.auditAfter(account, 0, 100);
      assert.deepEqual(
        all.filter(({ object }) => object === `job:${job.id}`),
        trail,
      );
      assert.deepEqual(await store.queries.auditAfter(account, all[1]?.sequence ?? 0, 1), all.slice(2, 3));
      assert.deepEqual(await store.queries.auditAfter('other', 0, 100), []);
    });
  });
}
