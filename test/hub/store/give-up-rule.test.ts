import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyCancel, applyExpiry } from '../../../hub/store/give-up-rule.ts';

const lostBySilence = { type: 'end', state: 'lost', cause: 'agent-lost' } as const;
const cancelled = { type: 'end', state: 'cancelled', cause: 'cancelled' } as const;

describe('a wish to cancel', () => {
  for (const state of ['queued', 'offered'] as const) {
    test(`ends a job that is ${state} at once`, () =>
      assert.deepEqual(applyCancel({ state, cause: null, lostMayReturn: false }), cancelled));
    test(`calls a job that is ${state} lost while an attempt may return`, () =>
      assert.deepEqual(applyCancel({ state, cause: null, lostMayReturn: true }), lostBySilence));
  }
  test('is recorded for a running job', () =>
    assert.deepEqual(applyCancel({ state: 'running', cause: null, lostMayReturn: false }), { type: 'wish' }));
  test('is recorded for a job whose agent may return', () =>
    assert.deepEqual(applyCancel({ state: 'lost', cause: 'agent-lost', lostMayReturn: true }), { type: 'wish' }));
  for (const cause of ['state-lost', 'process-lost'] as const) {
    test(`comes too late for a job lost by ${cause}`, () =>
      assert.deepEqual(applyCancel({ state: 'lost', cause, lostMayReturn: false }), { type: 'ended' }));
  }
  for (const state of ['succeeded', 'failed', 'cancelled', 'timed-out'] as const) {
    test(`comes too late for a job that is ${state}`, () =>
      assert.deepEqual(applyCancel({ state, cause: 'exit-code', lostMayReturn: false }), { type: 'ended' }));
  }
});

describe('expiry', () => {
  test('fails a queued job', () =>
    assert.deepEqual(applyExpiry({ state: 'queued', cause: null, lostMayReturn: false }), {
      type: 'end',
      state: 'failed',
      cause: 'expired',
    }));
  test('calls a queued job lost while an attempt may return', () =>
    assert.deepEqual(applyExpiry({ state: 'queued', cause: null, lostMayReturn: true }), lostBySilence));
  for (const state of ['offered', 'running', 'succeeded'] as const) {
    test(`leaves a job alone that is ${state}`, () =>
      assert.deepEqual(applyExpiry({ state, cause: null, lostMayReturn: false }), { type: 'none' }));
  }
});
