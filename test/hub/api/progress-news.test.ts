import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProgressNews } from '../../../hub/api/progress-news.ts';
import type { JobRecord } from '../../../hub/store/records.ts';
import type { Store } from '../../../hub/store/store.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { FakeHubView } from './api-harness.ts';

const running = { state: 'running', attemptId: 'a1', agentId: 'g1' } as JobRecord;
const store = { queries: { job: async () => running } } as unknown as Store;
const forever = new AbortController().signal;

describe('the progress of a job, as news for one reader', () => {
  it('is told once, also where it comes while it is looked for', async () => {
    const hubView = new FakeHubView();
    const news = createProgressNews({ account: 'default', jobId: 'j1', store, hubView, clock: systemClock });
    const next = news.next(forever);
    const told: unknown[] = [];

    hubView.tellProgress('j1', { percent: 50, message: null, outputs: null });
    for (const taken of [news.take(), next.then(() => news.take())]) told.push((await taken)?.data);

    assert.equal(told.length, 2);
    assert.partialDeepStrictEqual(told[0], { action: 'job.progress', data: { percent: 50 } });
    assert.equal(told[1], undefined);
  });
});
