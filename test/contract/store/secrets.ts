import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createScene, type OpenStore, type Scene, type Try } from './scene.ts';

const secrets = new Uint8Array([7, 0, 7]);
const hidden = { secretNames: ['p'], secrets } as const;
const safe = { retry: { limit: 1, on: ['agent-lost'] } } as const;

async function askSecrets(scene: Scene, tried: Try): Promise<string> {
  const answer = await scene.open(tried, 'started');
  if (answer.type !== 'job') return answer.type;
  if (answer.secretsGone) return 'gone';
  return answer.secrets === null ? 'none' : Buffer.from(answer.secrets).equals(secrets) ? 'there' : 'wrong';
}

export function testSecrets(open: OpenStore): void {
  describe('secrets', () => {
    test('go with the document, and again to an agent that restarted', async () => {
      await using store = await open();
      const scene = createScene(store);
      const tried = await scene.offer(await scene.submit(hidden), await scene.agent());

      const first = await scene.open(tried);

      assert.ok(first.type === 'job');
      assert.deepEqual([first.secrets, first.secretsGone], [secrets, false]);
      assert.equal(await askSecrets(scene, tried), 'there');
    });

    test('are never said to be gone where there were none', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start();
      await scene.lose(tried);
      await scene.apply('close-corrections', { before: scene.now() + 1 });

      assert.equal(await askSecrets(scene, tried), 'none');
      assert.equal((await scene.job(job)).state, 'lost');
    });

    test('stay while a lost attempt may come back', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { tried } = await scene.start(hidden);
      await scene.lose(tried);

      assert.equal(await askSecrets(scene, tried), 'there');
    });

    test('stay for an old attempt although a newer one has ended the job', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried: old } = await scene.start({ ...hidden, ...safe });
      await scene.lose(old, true);
      const newer = await scene.offer(job, await scene.agent());
      await scene.open(newer);

      await scene.end(newer, 'succeeded');

      assert.equal(await askSecrets(scene, old), 'there');
    });

    test('stay for the next try of a job, whose last one has ended', async () => {
      await using store = await open();
      const scene = createScene(store);
      const again = { retry: { limit: 1, on: ['exit-code'] } } as const;
      const { job, tried } = await scene.start({ ...hidden, ...again });
      await scene.end(tried, 'failed', { retrySafe: true });

      const next = await scene.offer(job, await scene.agent());
      const answer = await scene.open(next);

      assert.ok(answer.type === 'job');
      assert.deepEqual([answer.desired, answer.secrets, answer.secretsGone], ['run', secrets, false]);
    });

    test('go when the correction window closes: a claim is cancelled, what runs is told', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried } = await scene.start(hidden);
      await scene.lose(tried);
      const endedAt = scene.now();

      const early = await scene.apply('close-corrections', { before: endedAt });
      const late = await scene.apply('close-corrections', { before: endedAt + 1 });
      const again = await scene.apply('close-corrections', { before: endedAt + 1 });

      assert.deepEqual([early.jobIds, late.jobIds, again.jobIds], [[], [job.id], []]);
      assert.equal(await askSecrets(scene, tried), 'gone');
      const claimed = await scene.open(tried, 'claimed');
      assert.ok(claimed.type === 'job');
      assert.deepEqual([claimed.desired, claimed.document, claimed.secretsGone], ['cancel', null, false]);
    });

    test('stay for the whole window by the clock of the hub, whatever an agent says of its own', async () => {
      await using store = await open();
      const scene = createScene(store);
      const { job, tried: old } = await scene.start({ ...hidden, ...safe });
      await scene.lose(old, true);
      const newer = await scene.offer(job, await scene.agent());
      await scene.open(newer);
      await scene.end(newer, 'succeeded', { result: { endedAt: '1999-01-01T00:00:00.000Z' } });

      const closed = await scene.apply('close-corrections', { before: scene.now() });

      assert.deepEqual(closed.jobIds, []);
      assert.equal(await askSecrets(scene, old), 'there');
    });

    test('are wiped at once when all is over: nothing is left for the window', async () => {
      await using store = await open();
      const scene = createScene(store);
      const ended = await scene.start(hidden);
      await scene.end(ended.tried, 'failed');
      const gone = await scene.start(hidden);
      await scene.decline(gone.tried, 'state-lost');
      await scene.cancel(await scene.submit(hidden));
      await scene.submit({ ...hidden, expiresAt: scene.now() });
      await scene.apply('expire-jobs', {});
      const both = await scene.start({ ...hidden, ...safe });
      await scene.lose(both.tried, true);
      const newer = await scene.offer(both.job, await scene.agent());
      await scene.open(newer);
      await scene.end(newer, 'succeeded');
      await scene.end(both.tried, 'failed');

      const left = await scene.apply('close-corrections', { before: scene.now() + 1_000_000 });

      assert.deepEqual(left.jobIds, []);
    });
  });
}
