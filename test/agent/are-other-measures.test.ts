import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { areOtherMeasures, type Measures } from '../../agent/are-other-measures.ts';
import { closedAdmission } from '../support/sample-admission.ts';

const { values } = closedAdmission();
const told: Measures = { loopLagMs: 5, values };

describe('what was measured is told the hub', () => {
  const rows: readonly [string, Measures, boolean][] = [
    ['not when it moved a little', { loopLagMs: 22, values: { ...values, loopLagMaxMs: 60, loopLagMeanMs: 1 } }, false],
    [
      'not when pressure moved a little',
      { ...told, values: { ...values, memory: { percent: 50, from: 'cgroup' } } },
      false,
    ],
    ['when the event loop became late', { ...told, loopLagMs: 90 }, true],
    ['when it stood still for once', { ...told, values: { ...values, loopLagMaxMs: 300 } }, true],
    ['when something presses', { ...told, values: { ...values, io: { percent: 40, from: 'machine' } } }, true],
    [
      'when nothing presses any more',
      { ...told, values: { ...values, memory: { percent: 0, from: 'machine' } } },
      true,
    ],
    ['when the kernel does not tell any more', { ...told, values: { ...values, memory: null } }, true],
    ['when there is something for the first time', { ...told, values: null }, true],
  ];
  for (const [title, measured, expected] of rows) {
    it(title, () => {
      assert.equal(areOtherMeasures(measured, told), expected);
    });
  }
});
