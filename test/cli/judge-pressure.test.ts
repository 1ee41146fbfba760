import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unknownPressure } from '../../agent/pressure/pressure.ts';
import { judgePressure } from '../../cli/doctor/judge-pressure.ts';

describe('what doctor says of pressure', () => {
  it('is how hard the machine is pressed at this moment, and of what', () => {
    const found = judgePressure({
      ...unknownPressure,
      memory: { percent: 12.4, from: 'cgroup' },
      io: { percent: 0, from: 'machine' },
    });

    assert.equal(found.verdict, 'ok');
    assert.equal(found.message, 'the kernel tells of it: memory of its control group 12 %, disk 0 %');
  });

  it('is what the agent goes by where the kernel does not tell, and no fault', () => {
    const some = judgePressure({ ...unknownPressure, freeMemoryPercent: 41 });
    const none = judgePressure(unknownPressure);

    assert.deepEqual([some.verdict, none.verdict], ['skipped', 'skipped']);
    assert.match(some.message, /psi=1.*goes by free memory \(41 %\)$/);
    assert.match(none.message, /goes by nothing$/);
  });
});
