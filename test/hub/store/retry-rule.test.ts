import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mayRetry, type RetrySituation } from '../../../hub/store/retry-rule.ts';

const all: RetrySituation = {
  cause: 'exit-code',
  retrySafe: true,
  retry: { limit: 2, on: ['exit-code', 'agent-lost'] },
  retriesUsed: 1,
  cancelRequested: false,
};

const refusals: readonly { readonly title: string; readonly change: Partial<RetrySituation> }[] = [
  { title: 'the automation is not safe to run twice', change: { retrySafe: false } },
  { title: 'the cause is not among those of the job', change: { cause: 'signal' } },
  { title: 'the limit is used up', change: { retriesUsed: 2 } },
  { title: 'the limit is 0', change: { retry: { limit: 0, on: ['exit-code'] }, retriesUsed: 0 } },
  { title: 'somebody asked for a cancel', change: { cancelRequested: true } },
];

describe('another try', () => {
  test('is made when everything holds', () => {
    assert.equal(mayRetry(all), true);
  });

  for (const { title, change } of refusals) {
    test(`is not made when ${title}`, () => {
      assert.equal(mayRetry({ ...all, ...change }), false);
    });
  }
});
