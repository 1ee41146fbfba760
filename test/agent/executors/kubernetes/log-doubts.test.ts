import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogDoubts, type SeenDoubts } from '../../../../agent/executors/kubernetes/log-doubts.ts';
import type { LogTime } from '../../../../agent/executors/kubernetes/log-lines.ts';

const at = (second: number, nanos = 0): LogTime => ({ second, nanos });

/** A line of ten bytes for each second, from 0 on. */
function feed(doubts: LogDoubts, from: number, to: number): void {
  for (let second = from; second < to; second += 1) doubts.lineBegan(at(second), second * 10);
}

describe('doubts about a log that is followed', () => {
  it('are none while the kubelet has the same file', () => {
    const doubts = new LogDoubts(null, 0);
    doubts.fileSeen(at(0), 0);
    feed(doubts, 0, 20);

    doubts.fileSeen(at(0), 200);

    assert.deepEqual(doubts.list(200), []);
    assert.equal(doubts.sureUntil, 200);
  });

  it('are between what was read of the old file for certain, and what is younger than the first line of the new one', () => {
    const doubts = new LogDoubts(null, 0);
    doubts.fileSeen(at(0), 0);
    feed(doubts, 0, 10);
    doubts.fileSeen(at(0), 100);
    feed(doubts, 10, 40);

    doubts.fileSeen(at(25), 400);

    assert.deepEqual(doubts.list(400), [{ at: 100, until: 280 }]);
  });

  it('reach to the end until a line comes that is young enough', () => {
    const doubts = new LogDoubts(null, 0);
    doubts.fileSeen(at(0), 0);
    feed(doubts, 0, 10);
    doubts.fileSeen(at(20), 100);
    assert.deepEqual(doubts.list(100), [{ at: 0, until: 100 }]);

    feed(doubts, 10, 30);

    assert.deepEqual(doubts.list(300), [{ at: 0, until: 230 }]);
  });

  it('are about everything where nobody knows how the file began', () => {
    const doubts = new LogDoubts(null, 50);

    doubts.fileSeen(at(3), 60);

    assert.deepEqual(doubts.list(60), [{ at: 0, until: 60 }]);
  });

  it('are gone behind the place where the file begins that the log was compared with', () => {
    const doubts = new LogDoubts(null, 0);
    doubts.fileSeen(at(0), 0);
    feed(doubts, 0, 50);
    doubts.fileSeen(at(0), 120);
    doubts.note(400, at(49));

    doubts.fileProved(at(30), 300);

    assert.deepEqual(doubts.list(500), [{ at: 120, until: 300 }]);
    assert.equal(doubts.sureUntil, 300);
  });

  it('keep the place of a line that was the last of a file that was read wholly', () => {
    const doubts = new LogDoubts(null, 0);
    doubts.fileSeen(at(0), 0);
    feed(doubts, 0, 30);
    doubts.fileSeen(at(0), 300);

    doubts.fileProved(at(30), 300);

    assert.deepEqual(doubts.list(400), [{ at: 300, until: 300 }]);
  });

  it('are about all that came since, when the file is gone', () => {
    const doubts = new LogDoubts(null, 0);
    doubts.fileSeen(at(0), 0);
    feed(doubts, 0, 30);
    doubts.fileSeen(at(0), 100);

    doubts.fileLost();

    assert.deepEqual(doubts.list(300), [{ at: 100, until: 300 }]);
  });

  it('are known to who comes after, and never beyond what is stored', () => {
    const doubts = new LogDoubts(null, 0);
    doubts.fileSeen(at(0), 0);
    feed(doubts, 0, 40);
    doubts.fileSeen(at(0), 100);
    doubts.fileSeen(at(25), 400);
    doubts.note(400, at(39));
    const seen: SeenDoubts = structuredClone(doubts.seen);

    const later = new LogDoubts(seen, 90);

    assert.equal(later.sureUntil, 90);
    assert.deepEqual(later.list(500), [
      { at: 100, until: 280 },
      { at: 400, until: 500 },
    ]);
    later.fileSeen(at(60), 450);
    assert.deepEqual(later.list(450), [{ at: 90, until: 450 }]);
  });

  it('become one where they are close, once there are too many', () => {
    const doubts = new LogDoubts(null, 0);
    for (let count = 0; count < 40; count += 1) {
      doubts.note(count * count * 10, null);
      doubts.lineBegan(at(count * 10), count * count * 10 + 5);
    }

    const found = doubts.list(100_000);

    assert.equal(found.length, 20);
    assert.deepEqual(found.at(-1), { at: 15_210, until: 15_215 });
    assert.equal(found[0]?.at, 0);
    assert.ok(found.every((one, index) => index === 0 || one.at > (found[index - 1]?.until ?? 0)));
  });
});
