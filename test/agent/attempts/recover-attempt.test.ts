import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { intentCauses, type ResultRecord } from '../../../agent/attempts/attempt-records.ts';
import { type Found, type Recovery, recoverAttempt } from '../../../agent/attempts/recover-attempt.ts';
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

const stored = { result: {}, rawBytes: 7 } as unknown as ResultRecord;
const plain: Found = {
  tombstone: false,
  result: null,
  document: 'this-boot',
  intent: null,
  fence: { type: 'started', alive: false, at: 7 },
  end: null,
};
const lost = (started: true | 'unknown') => ({ type: 'finish', ending: { type: 'process-lost', started } }) as const;

/** The table of `docs/attempts.md` §4. */
const rows: readonly (readonly [what: string, found: Partial<Found>, expected: Recovery])[] = [
  ['a tombstone, whatever else is there', { tombstone: true, result: stored }, { type: 'delete' }],
  ['a result', { result: stored, document: 'none' }, { type: 'deliver', record: stored }],
  ['no document', { document: 'none', fence: { type: 'none' } }, { type: 'open-claimed' }],
  ['another boot, and no fence', { document: 'another-boot', fence: { type: 'none' } }, lost('unknown')],
  ['another boot, and the fence of a wrapper', { document: 'another-boot' }, lost(true)],
  [
    'another boot, and a fence that cannot be read',
    { document: 'another-boot', fence: { type: 'unreadable', at: 7 } },
    lost(true),
  ],
  ['no fence', { fence: { type: 'none' } }, { type: 'take-fence' }],
  ['a wrapper that lives', { fence: { type: 'started', alive: true, at: 7 } }, { type: 'adopt' }],
  ['a fence that cannot be read', { fence: { type: 'unreadable', at: 7 } }, { type: 'adopt' }],
  ['a wrapper that is dead, and no record', {}, lost(true)],
  [
    'the same, and an intent',
    { intent: 'timeout' },
    { type: 'finish', ending: { type: 'stopped', intent: 'timeout', status: null, started: true } },
  ],
  [
    'the fence of recovery, and an intent',
    { fence: { type: 'recovered' }, intent: 'cancelled' },
    { type: 'finish', ending: { type: 'stopped-unborn', intent: 'cancelled' } },
  ],
];

for (const [what, found, expected] of rows) {
  test(`After a restart it is ${expected.type} for ${what}`, () => {
    assert.deepEqual(recoverAttempt({ ...plain, ...found }, false), expected);
  });
}

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
