import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JobFacts, JobStep } from '../../../hub/store/job-step.ts';
import { applyFolderLoss, applySilence } from '../../../hub/store/loss-rule.ts';

const running: JobFacts = {
  state: 'running',
  cause: null,
  retry: { limit: 1, on: ['agent-lost', 'state-lost'] },
  retriesUsed: 0,
  cancelRequested: false,
  neverStarted: 0,
};
const lost: JobFacts = { ...running, state: 'lost', cause: 'agent-lost' };

const none: JobStep = { type: 'none' };
const retry: JobStep = { type: 'queue', counts: 'retry' };
const agentLost: JobStep = { type: 'end', state: 'lost', cause: 'agent-lost' };
const stateLost: JobStep = { type: 'end', state: 'lost', cause: 'state-lost' };
const current = { late: false, newerGotDocument: false };
const late = { late: true, newerGotDocument: false };

describe('a long silence', () => {
  test('loses a running job, correctably', () => assert.deepEqual(applySilence(running, false), agentLost));
  test('queues a safe job again', () => assert.deepEqual(applySilence(running, true), retry));
  test('does not queue it after a cancel was asked for', () =>
    assert.deepEqual(applySilence({ ...running, cancelRequested: true }, true), agentLost));
  test('does not queue it when the cause is not in retry.on', () =>
    assert.deepEqual(applySilence({ ...running, retry: { limit: 1, on: ['state-lost'] } }, true), agentLost));
  test('does not queue it when the limit is used up', () =>
    assert.deepEqual(applySilence({ ...running, retriesUsed: 1 }, true), agentLost));
  test('changes nothing about a job that does not run', () =>
    assert.deepEqual(applySilence({ ...running, state: 'succeeded' }, true), none));
});

describe('a folder that is gone', () => {
  test('loses a running job, for good', () => assert.deepEqual(applyFolderLoss(running, current, false), stateLost));
  test('queues a safe job again', () => assert.deepEqual(applyFolderLoss(running, current, true), retry));
  test('does not queue it after a cancel was asked for', () =>
    assert.deepEqual(applyFolderLoss({ ...running, cancelRequested: true }, current, true), stateLost));
  test('loses an offered job, after a restored store', () =>
    assert.deepEqual(applyFolderLoss({ ...running, state: 'offered' }, current, false), stateLost));
  test('makes a correctable loss final', () => assert.deepEqual(applyFolderLoss(lost, late, false), stateLost));
  test('makes a correctable loss final also where a retry were allowed', () =>
    assert.deepEqual(applyFolderLoss(lost, late, true), stateLost));
  test('lets a job go on that was queued again', () =>
    assert.deepEqual(applyFolderLoss({ ...running, state: 'queued' }, late, true), none));
  test('lets a job go on that is offered again', () =>
    assert.deepEqual(applyFolderLoss({ ...running, state: 'offered' }, late, true), none));
  test('changes nothing beside a newer attempt that got its document', () =>
    assert.deepEqual(applyFolderLoss(running, { late: true, newerGotDocument: true }, true), none));
  test('changes nothing beside a newer attempt that is lost itself', () =>
    assert.deepEqual(applyFolderLoss(lost, { late: true, newerGotDocument: true }, false), none));
  test('changes nothing about a settled end', () =>
    assert.deepEqual(applyFolderLoss({ ...running, state: 'cancelled', cause: 'cancelled' }, late, true), none));
});
