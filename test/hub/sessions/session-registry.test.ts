import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SessionRegistry } from '../../../hub/sessions/session-registry.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const attempt = 'attempt';

/** A session may have been replaced before it begins. */
function untilReplaced(replaced: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (replaced.aborted) resolve();
    else replaced.addEventListener('abort', () => resolve());
  });
}

describe('the registry of sessions', () => {
  it('lets a newer session of an attempt begin when the older one has heard of it and let go', async () => {
    const registry = new SessionRegistry();
    const steps: string[] = [];
    const letGo = Promise.withResolvers<void>();

    const older = registry.take(attempt, async (replaced) => {
      steps.push('older begins');
      await untilReplaced(replaced);
      steps.push('older is told');
      await letGo.promise;
      steps.push('older ends');
    });
    const newer = registry.take(attempt, async () => void steps.push('newer begins'));
    await new Promise(setImmediate);
    assert.deepEqual(steps, ['older begins', 'older is told']);
    letGo.resolve();
    await Promise.all([older, newer]);

    assert.deepEqual(steps, ['older begins', 'older is told', 'older ends', 'newer begins']);
  });

  it('knows of the newest session for as long as that lasts, whenever an older one ends', async () => {
    const registry = new SessionRegistry();
    const over = Promise.withResolvers<void>();

    const older = registry.take(attempt, untilReplaced);
    const newer = registry.take(attempt, () => over.promise);
    await older;
    assert.equal(registry.has(attempt), true);
    over.resolve();
    await newer;

    assert.equal(registry.has(attempt), false);
  });

  it('waits for the end of a session, and no longer than a moment', async () => {
    const clock = createVirtualClock();
    const registry = new SessionRegistry();
    const over = Promise.withResolvers<void>();
    const serving = registry.take(attempt, () => over.promise);
    const settled: string[] = [];

    const first = registry.settle(attempt, clock).then(() => settled.push('first'));
    await clock.advance(4_999);
    const early = [...settled];
    await clock.advance(1);
    await first;
    const second = registry.settle(attempt, clock);
    over.resolve();
    await Promise.all([second, serving]);

    assert.deepEqual([early, settled], [[], ['first']]);
    assert.equal(clock.pending, 0);
  });

  it('lets one session begin behind another that failed', async () => {
    const registry = new SessionRegistry();

    const older = registry.take(attempt, () => Promise.reject(new Error('no')));
    const newer = registry.take(attempt, async () => {});

    await assert.rejects(older);
    await newer;
    assert.equal(registry.has(attempt), false);
  });

  it('serves sessions of different attempts side by side', async () => {
    const registry = new SessionRegistry();
    const over = Promise.withResolvers<void>();
    const one = registry.take('one', () => over.promise);

    await registry.take('other', async () => {});

    assert.deepEqual([registry.has('one'), registry.has('other')], [true, false]);
    over.resolve();
    await one;
  });
});
