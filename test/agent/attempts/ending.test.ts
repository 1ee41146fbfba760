import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingOf, isUnborn, toVerdict, wasBorn } from '../../../agent/attempts/ending.ts';
import type { CommandEnd } from '../../../agent/executors/command-end.ts';

type PlatformEnd = Extract<CommandEnd, { type: 'platform' }>;

const nothing = { type: 'valid', outputs: null } as const;

function say(given: Partial<PlatformEnd>): PlatformEnd {
  return {
    type: 'platform',
    cause: 'evicted',
    started: true,
    retrySafe: false,
    message: 'the node ran short of memory',
    status: null,
    marked: false,
    at: null,
    ...given,
  };
}

test('A platform that says that a command never began proves it, and whether another try may do better', () => {
  const again = endingOf(say({ cause: 'unschedulable', started: false, retrySafe: true }), null);
  const never = endingOf(say({ cause: 'start-failed', started: false }), null);

  assert.deepEqual([isUnborn(again), isUnborn(never)], [true, true]);
  assert.equal(toVerdict(again, nothing).outcome, 'never-started');
  assert.equal(toVerdict(never, nothing).outcome, 'failed');
  assert.equal(toVerdict(never, nothing).started, false);
});

test('That a command may have begun is neither that it did nor that it did not', () => {
  const ending = endingOf(say({ started: 'unknown', retrySafe: true }), null);

  assert.deepEqual([isUnborn(ending), wasBorn(ending)], [false, false]);
  assert.deepEqual(toVerdict(ending, nothing), {
    outcome: 'failed',
    cause: 'evicted',
    message: 'the node ran short of memory',
    started: 'unknown',
    exitCode: null,
    signal: null,
    outputs: null,
  });
});

test('The word of a platform goes with the status that it knows', () => {
  const ending = endingOf(say({ cause: 'out-of-memory', status: 137 }), null);

  const { exitCode, signal, cause } = toVerdict(ending, nothing);
  assert.deepEqual({ exitCode, signal, cause }, { exitCode: 137, signal: 'SIGKILL', cause: 'out-of-memory' });
});

test('An intent beats an end that came behind it, and no other', () => {
  const stopped = endingOf(say({ cause: 'pod-deleted', marked: true, status: 143 }), 'cancelled');
  const unborn = endingOf(say({ started: false, marked: true }), 'timeout');
  const stands = endingOf(say({ marked: false }), 'cancelled');

  assert.deepEqual(stopped, { type: 'stopped', intent: 'cancelled', status: 143, started: true });
  assert.deepEqual(unborn, { type: 'stopped-unborn', intent: 'timeout' });
  assert.equal(stands.type, 'platform');
});

test('Outputs of a command that failed are told where its kind counts them, and of one that a signal ended never', () => {
  const found = { type: 'failed', outputs: { count: 1 }, why: 'two hosts were out of reach' } as const;

  const failed = toVerdict({ type: 'exited', status: 3 }, found);
  const killed = toVerdict({ type: 'exited', status: 137 }, found);

  assert.deepEqual([failed.outcome, failed.outputs], ['failed', { count: 1 }]);
  assert.match(failed.message, /exit status 3: two hosts were out of reach$/);
  assert.deepEqual([killed.cause, killed.signal, killed.outputs], ['signal', 'SIGKILL', null]);
});

test('Nobody can say how a command ended whose node is gone', () => {
  assert.equal(toVerdict(endingOf(say({ cause: 'node-lost' }), null), nothing).outcome, 'lost');
  assert.equal(toVerdict(endingOf(say({ cause: 'process-lost' }), null), nothing).outcome, 'lost');
  assert.equal(toVerdict(endingOf(say({ cause: 'timeout' }), null), nothing).outcome, 'timed-out');
});
