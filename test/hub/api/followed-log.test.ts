import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { followLog } from '../../../hub/api/followed-log.ts';
import type { WatchedJob } from '../../../hub/api/job-watch.ts';
import { readStretch } from '../../../hub/api/read-stretch.ts';
import type { LogStore } from '../../../hub/logs/log-store.ts';
import { checkLeaks } from '../../support/leak-check.ts';

checkLeaks();

const attempt = 'a1';
const going = new AbortController().signal;

/** A job of which a log of ten bytes is stored, and what is still there of it at each look. */
function createEnded(lengths: readonly number[]) {
  const left = [...lengths];
  const job = { state: 'succeeded', attemptId: attempt, version: 1, log: { bytes: 10, removedAt: null } };
  const watched = { job, changed: async () => {}, [Symbol.dispose]() {} } as unknown as WatchedJob;
  const logs = { length: async () => left.shift() ?? 0 } as unknown as LogStore;
  return { watched, logs };
}

async function follow(
  { watched, logs }: { readonly watched: WatchedJob; readonly logs: LogStore },
  start = 0,
): Promise<readonly number[]> {
  const ends: number[] = [];
  for await (const { end } of followLog({ logs, watched, start, signal: going })) ends.push(end);
  return ends;
}

describe('a followed log', () => {
  it('ends in order once all of it was given, whatever becomes of it then', async () => {
    assert.deepEqual(await follow(createEnded([10])), [10]);
    assert.deepEqual(await follow(createEnded([0]), 10), []);
    assert.deepEqual(await follow(createEnded([0]), 999_999), []);
  });

  it('that was removed before all of it was given is broken off: it must not look whole', async () => {
    await assert.rejects(follow(createEnded([0])), /10 bytes.*only 0/);
    await assert.rejects(follow(createEnded([4]), 2), /10 bytes.*only 4/);
  });
});

describe('the followed log of a job that goes on', () => {
  /** A job whose states come one behind the other, the next with each change that is waited for. */
  function createGoing(states: readonly object[], lengthOf: (attempt: string, change: () => void) => number) {
    let at = 0;
    const change = () => void (at = Math.min(at + 1, states.length - 1));
    const watched = {
      get job() {
        return { version: at, log: null, ...states[at] };
      },
      changed: async () => change(),
      [Symbol.dispose]() {},
    } as unknown as WatchedJob;
    const logs = {
      length: async (asked: string) => lengthOf(asked, change),
      grown: (_: string, __: number, signal: AbortSignal) =>
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    } as unknown as LogStore;
    return { watched, logs };
  }

  it('misses nothing that was stored while it looked, when the job ends in the same moment', async () => {
    let looks = 0;
    const place = createGoing(
      [
        { state: 'running', attemptId: attempt },
        { state: 'succeeded', attemptId: attempt, log: { bytes: 10 } },
      ],
      (_, change) => {
        looks += 1;
        if (looks > 1) return 10;
        change();
        return 4;
      },
    );

    assert.deepEqual(await follow(place), [4, 10]);
  });

  it('is broken off when the job is tried again: one log must not go on in another', async () => {
    const place = createGoing(
      [
        { state: 'running', attemptId: attempt },
        { state: 'running', attemptId: 'a2' },
        { state: 'succeeded', attemptId: 'a2' },
      ],
      (asked) => (asked === attempt ? 4 : 9),
    );

    await assert.rejects(follow(place), /tried again/);
  });

  it('is that of the next try for one who has had nothing yet', async () => {
    const place = createGoing(
      [
        { state: 'running', attemptId: attempt },
        { state: 'running', attemptId: 'a2' },
        { state: 'succeeded', attemptId: 'a2', log: { bytes: 9 } },
      ],
      (asked) => (asked === attempt ? 0 : 9),
    );

    assert.deepEqual(await follow(place), [9]);
  });
});

describe('a stretch of a log', () => {
  const reading = (pieces: readonly string[]) =>
    ({
      read: async function* () {
        for (const piece of pieces) yield Buffer.from(piece);
      },
    }) as unknown as LogStore;
  const read = async (logs: LogStore) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of readStretch(logs, { attempt, start: 2, end: 8 })) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };

  it('comes whole', async () => {
    assert.equal(await read(reading(['cde', 'fgh'])), 'cdefgh');
  });

  it('that is not there any more, or not all of it, is broken off', async () => {
    await assert.rejects(read(reading([])), /expected 6 bytes.*got 0/);
    await assert.rejects(read(reading(['cde'])), /expected 6 bytes.*got 3/);
  });
});
