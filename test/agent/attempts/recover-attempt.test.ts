import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { intentCauses } from '../../../agent/attempts/attempt-records.ts';
import { type Found, recoverAttempt } from '../../../agent/attempts/recover-attempt.ts';
import type { FenceState } from '../../../agent/executors/executor.ts';

const fences: readonly FenceState[] = [
  { type: 'none' },
  { type: 'recovered' },
  { type: 'started', alive: true, at: 7 },
  { type: 'started', alive: false, at: 7 },
  { type: 'unreadable', at: null },
];

const founds = fc.record<Found>({
  tombstone: fc.constant(false),
  result: fc.constant(null),
  document: fc.constantFrom('this-boot', 'another-boot'),
  intent: fc.constantFrom(null, ...intentCauses),
  fence: fc.constantFrom(...fences),
  end: fc.option(
    fc.record({
      type: fc.constant('exit'),
      status: fc.integer({ min: 0, max: 255 }),
      marked: fc.boolean(),
      at: fc.constant(null),
    }),
  ),
});

test('A command is called never started only where recovery holds the fence', () => {
  fc.assert(
    fc.property(founds, fc.boolean(), (found, nothingAlive) => {
      const recovery = recoverAttempt(found, nothingAlive);
      const saysUnborn =
        recovery.type === 'finish' && ['never-started', 'stopped-unborn'].includes(recovery.ending.type);
      if (saysUnborn) assert.equal(found.fence.type, 'recovered');
    }),
  );
});

test('The fence is tried only within the boot in which the document was written', () => {
  fc.assert(
    fc.property(founds, (found) => {
      if (recoverAttempt(found, false).type === 'take-fence') assert.equal(found.document, 'this-boot');
    }),
  );
});

test('An exit record stands unless it was written behind the intent', () => {
  fc.assert(
    fc.property(founds, (found) => {
      if (found.end === null || found.fence.type === 'recovered') return;
      const recovery = recoverAttempt(found, true);
      assert.equal(recovery.type, 'finish');
      if (recovery.type !== 'finish') return;
      const isStopped = found.intent !== null && found.end.marked;
      assert.equal(recovery.ending.type, isStopped ? 'stopped' : 'exited');
    }),
  );
});

test('One who saw the end never adopts, and always comes to an end or to the fence', () => {
  fc.assert(
    fc.property(founds, (found) => {
      assert.ok(['finish', 'take-fence'].includes(recoverAttempt(found, true).type));
    }),
  );
});
