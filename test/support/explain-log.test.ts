import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainLog } from './explain-log.ts';

const lines = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, index) => `line ${from + index}\n`).join('');
const periodic = (count: number): string => '0123456789abcdef\n'.repeat(count);

describe('a log against what was said', () => {
  const said = lines(100);

  for (const [what, log, gaps] of [
    ['all of it', said, []],
    ['a last line that was not written down', `${said}stopped\n`, []],
    ['nothing of it where that is told', '', [{ at: 0 }]],
    ['the beginning, and a gap to the end', lines(10), [{ at: lines(10).length }]],
    ['a hole at a gap', lines(10) + lines(50, 50), [{ at: lines(10).length }]],
    [
      'a hole at a gap, and a line that was not written down',
      `${lines(10) + lines(50, 50)}x\n`,
      [{ at: lines(10).length }],
    ],
    ['a hole within a gap that is about there', lines(10) + lines(50, 50), [{ at: 5, until: 100 }]],
    ['two holes within one gap', lines(10) + lines(10, 20) + lines(50, 50), [{ at: 0, until: 400 }]],
    ['two holes with a gap each', lines(10) + lines(10, 20) + lines(50, 50), [{ at: 70 }, { at: 140, until: 200 }]],
  ] as const)
    it(`is explained where it has ${what}`, () => {
      assert.equal(explainLog(Buffer.from(log), Buffer.from(said), gaps), null);
    });

  for (const [what, log, gaps] of [
    ['lacks its end', lines(99), []],
    ['lacks its end behind a gap', lines(10) + lines(40, 50), [{ at: lines(10).length }]],
    ['has a hole without a gap', lines(10) + lines(50, 50), []],
    ['has a hole before its gap', lines(10) + lines(50, 50), [{ at: lines(20).length }]],
    ['has a hole behind its gap', lines(10) + lines(50, 50), [{ at: 5, until: 20 }]],
    ['has a line twice', lines(10) + lines(91, 9), [{ at: lines(10).length }]],
    ['has a line of another', `${lines(10)}other\n${lines(90, 10)}`, [{ at: lines(10).length }]],
  ] as const)
    it(`is not explained where it ${what}`, () => {
      assert.notEqual(explainLog(Buffer.from(log), Buffer.from(said), gaps), null);
    });

  it('has nothing behind what was said, where that was all', () => {
    const longer = Buffer.from(`${said}${lines(1, 99)}`);

    assert.equal(explainLog(longer, Buffer.from(said), []), null);
    assert.notEqual(explainLog(longer, Buffer.from(said), [], { mayEndLater: false }), null);
  });

  it('is explained in text that repeats itself', () => {
    const whole = `${periodic(30_000)}0123456789abc${periodic(30_000)}`;
    const log = periodic(60_000);

    assert.equal(explainLog(Buffer.from(log), Buffer.from(whole), [{ at: 400_000, until: 600_000 }]), null);
    assert.notEqual(explainLog(Buffer.from(log), Buffer.from(whole), [{ at: log.length }]), null);
  });
});
