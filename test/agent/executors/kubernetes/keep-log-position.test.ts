import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogPosition } from '../../../../agent/executors/kubernetes/job-record.ts';
import { keepLogPosition } from '../../../../agent/executors/kubernetes/keep-log-position.ts';
import { LogBeginning } from '../../../../agent/executors/kubernetes/log-beginning.ts';
import { LogCopy } from '../../../../agent/executors/kubernetes/log-copy.ts';
import { LogDoubts } from '../../../../agent/executors/kubernetes/log-doubts.ts';
import type { RecordFile } from '../../../../agent/record-file.ts';
import { createVirtualClock } from '../../../../runtime/virtual-clock.ts';

/** A log to which lines come at the seconds that are given, and what is written down of it. */
function createKeeper(nowSeconds: number) {
  const clock = createVirtualClock({ startMs: nowSeconds * 1000 });
  const puts: LogPosition[] = [];
  let [running, most] = [0, 0];
  const file: RecordFile<LogPosition> = {
    path: '',
    read: async () => null,
    write: () => assert.fail('expected no durable write'),
    flush: () => assert.fail('expected no flush'),
    put: async (position) => {
      running += 1;
      most = Math.max(most, running);
      await delay(1);
      puts.push(position);
      running -= 1;
    },
  };
  let length = 0;
  const store = {
    get length() {
      return length;
    },
    append: (bytes: Uint8Array) => void (length += bytes.length),
    matches: async () => true,
  };
  const doubts = new LogDoubts(null, 0);
  const copy = new LogCopy({ store, doubts, position: null });
  const beginning = new LogBeginning({ startedAt: null, earlier: null, isSettled: false });
  const keeper = keepLogPosition({ file, copy, beginning, doubts, clock });
  copy.open(copy.mark);
  const print = (second: number) =>
    copy.take([
      { type: 'line', time: { second, nanos: 5 } },
      { type: 'bytes', bytes: Buffer.from('x\n') },
    ]);
  return { keeper, print, puts, doubts, most: () => most };
}

const now = 1_790_000_000;

describe('the position of a log, written down', () => {
  it('is there before lines of a later second are stored, and once for each second', async () => {
    const { keeper, print, puts } = createKeeper(now);

    for (const second of [now - 3, now - 3, now - 2]) {
      await print(second);
      await keeper.beforeLines();
    }

    assert.deepEqual(
      puts.map(({ lastTime }) => lastTime?.second),
      [now - 3, now - 2],
    );
  });

  it('speaks for some seconds at once while an old log is read', async () => {
    const { keeper, print, puts } = createKeeper(now);

    for (let second = now - 3600; second < now - 3500; second += 1) {
      await print(second);
      await keeper.beforeLines();
    }

    assert.equal(puts.length, 10);
    assert.equal(puts.at(-1)?.lastTime?.second, now - 3491);
  });

  it('is there with a doubt before what came behind it', async () => {
    const { keeper, print, puts, doubts } = createKeeper(now);
    await print(now);
    await keeper.beforeLines();
    doubts.note(1, null);

    await keeper.beforeLines();

    assert.deepEqual(puts.at(-1)?.doubts?.open, { at: 1, after: null });
  });

  it('is written by one at a time, with what is known then', async () => {
    const { keeper, print, puts, most } = createKeeper(now);

    const first = keeper.now();
    const second = keeper.now();
    await print(now);
    await Promise.all([first, second, keeper.beforeLines()]);

    assert.equal(most(), 1);
    assert.deepEqual(
      puts.map(({ lastTime }) => lastTime?.second),
      [now, now, now],
    );
  });
});
