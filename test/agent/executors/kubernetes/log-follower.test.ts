import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { LogBeginning } from '../../../../agent/executors/kubernetes/log-beginning.ts';
import { LogCopy, type LogPosition } from '../../../../agent/executors/kubernetes/log-copy.ts';
import { LogDoubts, type SeenDoubts } from '../../../../agent/executors/kubernetes/log-doubts.ts';
import { followLog, type LogEnd } from '../../../../agent/executors/kubernetes/log-follower.ts';
import { toLogGaps } from '../../../../agent/executors/kubernetes/log-gaps.ts';
import type { LogSubject } from '../../../../agent/executors/kubernetes/log-source.ts';
import type { FileLook } from '../../../../agent/executors/kubernetes/look-at-log-file.ts';
import { openRawStore } from '../../../../agent/executors/kubernetes/raw-store.ts';
import type { Gap } from '../../../../protocol/attempt-result.ts';
import type { Clock } from '../../../../runtime/clock.ts';
import { systemFileSystem } from '../../../../runtime/file-system.ts';
import { createFakeLog, type FakeAnswer, type FakeTurn, type LogEntry, toText } from './fake-log.ts';

/** Waits take no time, and yet it passes. It begins behind all that was printed. */
function createHastyClock(): Clock {
  let now = 1_770_000_000_000;
  return {
    now: () => now,
    monotonic: () => now,
    schedule: (delayMs, callback) => {
      const immediate = setImmediate(() => {
        now += delayMs;
        callback();
      });
      return { cancel: () => clearImmediate(immediate) };
    },
  };
}

/** Nothing ever changes. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Whether `raw` is `text` without bytes that are missing at the places that the gaps name. */
function isTrue(raw: string, text: string, gaps: readonly Pick<Gap, 'at' | 'until'>[]): boolean {
  const mayLack = (offset: number) => gaps.some(({ at, until = at }) => at <= offset && offset <= until);
  let reached = new Set([0]);
  for (let offset = 0; offset <= raw.length; offset += 1) {
    const first = Math.min(...reached);
    if (mayLack(offset)) reached = new Set(Array.from({ length: text.length - first + 1 }, (_, at) => first + at));
    if (offset === raw.length) break;
    reached = new Set([...reached].filter((at) => text[at] === raw[offset]).map((at) => at + 1));
    if (reached.size === 0) return false;
  }
  return reached.has(text.length);
}

describe('the log of a container, followed', () => {
  let root = '';
  let count = 0;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'farhand-log-'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  function toPath(): string {
    count += 1;
    return join(root, `raw-${count}`);
  }

  interface Copied {
    readonly end: LogEnd | null;
    readonly raw: string;
    readonly gaps: readonly Pick<Gap, 'at' | 'until'>[];
    readonly position: LogPosition & { readonly doubts: SeenDoubts };
    readonly dropped: number;
    /** What was written down meanwhile, and how long the log was by then, and until the next time at most. */
    readonly kept: readonly { readonly position: Copied['position']; readonly least: number; readonly most: number }[];
  }

  /** Follows a scripted log to its end; the container runs until the script is over. */
  async function follow(
    entries: readonly LogEntry[],
    answers: Parameters<typeof createFakeLog>[0]['answers'],
    options: {
      readonly path?: string;
      readonly position?: Copied['position'] | null;
      readonly from?: number;
      readonly limitBytes?: number | null;
      readonly base?: number;
      readonly subject?: LogSubject;
      readonly startedAt?: number | null;
      readonly fileLook?: FileLook;
    } = {},
  ): Promise<Copied> {
    const { path = toPath(), position = null, from = 0, limitBytes = null, base = 0 } = options;
    await using store = await openRawStore({ fileSystem: systemFileSystem, path, base, limitBytes });
    const doubts = new LogDoubts(position?.doubts ?? null, store.length);
    const copy = new LogCopy({ store, doubts, position });
    let isOver = answers.length === 0;
    const { startedAt = null } = options;
    const kept: { position: Copied['position']; least: number; most: number }[] = [];
    let flushed = copy.length;
    let noted = '';
    /** As for a job: before lines of another second are stored, and whatever else was noted. */
    const flush = async () => {
      const now = `${copy.lastSecond} ${doubts.notes}`;
      if (now !== noted)
        kept.push({ position: { ...copy.position, doubts: doubts.seen }, least: flushed, most: flushed });
      noted = now;
      await store.flush();
      flushed = copy.length;
      const last = kept.at(-1);
      if (last !== undefined) last.most = flushed;
    };
    const beginning = new LogBeginning({ startedAt, earlier: null, isSettled: copy.length > 0 });
    const end = await followLog({
      copy,
      doubts,
      beginning,
      fileLook: options.fileLook ?? { bytes: Infinity, ms: 1 },
      openLog: createFakeLog({ entries, answers, last: { from }, onScriptOver: () => (isOver = true) }),
      subject: options.subject ?? {
        state: () => (isOver ? 'ended' : 'running'),
        endedAt: () => null,
        changed: untilAborted,
      },
      clock: createHastyClock(),
      flush,
      giveUpMs: 60_000,
      signal: new AbortController().signal,
    });
    const stored = Math.min(store.length, limitBytes ?? Infinity);
    const { dropped } = store;
    const found = { doubts: doubts.list(stored), isBeginningMissed: beginning.isMissed, base, stored, dropped };
    const gaps = end === null ? [] : toLogGaps({ end, ...found });
    return {
      end,
      raw: await readFile(path, 'latin1'),
      gaps: gaps.map(({ at, until }) => (until === undefined ? { at } : { at, until })),
      position: { ...copy.position, doubts: doubts.seen },
      dropped,
      kept,
    };
  }

  const second = 1_000_000_000n;
  const start = 1_760_000_000n * second;
  const whole = (entries: readonly LogEntry[], to = entries.length): FakeAnswer => ({
    from: 0,
    to,
    cutAfter: null,
    chunkBytes: 7,
  });
  const cut = (to: number, cutAfter: number): FakeAnswer => ({ from: 0, to, cutAfter, chunkBytes: 7 });

  const threeLines: readonly LogEntry[] = [
    { at: start, text: 'one' },
    { at: start, text: 'one' },
    { at: start + 1n, text: 'three' },
  ];

  it('is proved to be whole when the last answer begins with its first line', async () => {
    const { end, raw, gaps } = await follow(threeLines, [whole(threeLines)]);

    assert.deepEqual({ end, raw, gaps }, { end: { type: 'whole' }, raw: 'one\none\nthree\n', gaps: [] });
  });

  it('keeps what has no newline at its end', async () => {
    const entries = [...threeLines, { at: start + 2n, text: 'no newline', part: true }];

    const { end, raw } = await follow(entries, [whole(entries)]);

    assert.deepEqual({ end, raw }, { end: { type: 'whole' }, raw: 'one\none\nthree\nno newline' });
  });

  it('is whole when nothing was printed', async () => {
    const { end, raw } = await follow([], []);

    assert.deepEqual({ end, raw }, { end: { type: 'whole' }, raw: '' });
  });

  it('doubles no line when the connection is lost between two of one time', async () => {
    const { end, raw } = await follow(threeLines, [cut(3, 36), cut(3, 40), cut(3, 75), whole(threeLines)]);

    assert.deepEqual({ end, raw }, { end: { type: 'whole' }, raw: 'one\none\nthree\n' });
  });

  it('waits until there is a log, whoever says that there is none yet', async () => {
    const { end, raw } = await follow(threeLines, ['not-yet', 'refused', 'unreachable', 'not-yet', whole(threeLines)]);

    assert.deepEqual({ end, raw }, { end: { type: 'whole' }, raw: 'one\none\nthree\n' });
  });

  it('says that it is not proved when the kubelet has dropped the beginning', async () => {
    const { end, raw, gaps } = await follow(threeLines, [whole(threeLines)], { from: 2 });

    assert.equal(end?.type, 'unproved');
    assert.equal(raw, 'one\none\nthree\n');
    assert.deepEqual(gaps, [{ at: 0, until: 8 }]);
  });

  it('may lack something since the last look at a large file when its pod is gone', async () => {
    const entries = Array.from({ length: 40 }, (_, index) => ({ at: start + BigInt(index) * second, text: 'x' }));
    const turning: FakeAnswer = { ...whole(entries), turn: { at: 10, to: 11, isEarly: false }, cutAfter: 39 * 33 };
    const follows = (bytes: number) => {
      let asked = 0;
      const state = () => ((asked += 1) > 1 ? 'gone' : 'running');
      const subject: LogSubject = { state, endedAt: () => null, changed: untilAborted };
      return follow(entries, [turning], { subject, fileLook: { bytes, ms: 1_000_000_000 } });
    };

    const [large, small] = [await follows(70), await follows(1_000)];

    assert.deepEqual([large.raw, small.raw], ['x\n'.repeat(39), 'x\n'.repeat(39)]);
    assert.deepEqual([large.gaps, small.gaps], [[{ at: 0, until: 78 }], [{ at: 78 }]]);
  });

  const sameLines = (count: number): LogEntry[] =>
    Array.from({ length: count }, (_, index) => ({ at: start + BigInt(index) * second, text: 'x' }));

  it('takes no line for one that is stored because it reads the same', async () => {
    const entries = sameLines(10);

    const { end, raw, gaps } = await follow(entries, [cut(5, 5 * 33), { ...whole(entries), from: 7 }], { from: 7 });

    assert.equal(end?.type, 'unproved');
    assert.equal(raw, 'x\n'.repeat(8));
    assert.deepEqual(gaps, [{ at: 0, until: 10 }]);
  });

  it('says about where a line is missing that went into the file which the kubelet put aside', async () => {
    const entries = sameLines(40);
    const turning: FakeAnswer = { ...whole(entries), turn: { at: 10, to: 11, isEarly: false } };

    const { end, raw, gaps } = await follow(entries, [turning], { from: 11 });

    assert.deepEqual(end, {
      type: 'unproved',
      why: 'the kubelet has dropped the beginning of the log since it was read',
      hasEnd: true,
    });
    assert.equal(raw, 'x\n'.repeat(39));
    assert.deepEqual(gaps, [{ at: 0, until: 20 }]);
  });

  it('takes every line behind a gap, also where the clock of its node went back there', async () => {
    const entries = [
      { at: start + 900_000_000n, text: 'one' },
      { at: start + 5n * second, text: 'two' },
      { at: start + 500_000_000n, text: 'three' },
    ];

    const { raw, gaps } = await follow(entries, [whole(entries, 1), { ...whole(entries), from: 1 }], { from: 1 });

    assert.deepEqual({ raw, gaps }, { raw: 'one\ntwo\nthree\n', gaps: [{ at: 0, until: 4 }] });
  });

  it('is not proved when nobody looked for long before the first line that there is', async () => {
    const startedAt = Number(start / 1_000_000n) - 60_000;

    const { end, raw } = await follow(threeLines, [], { startedAt });

    assert.equal(end?.type, 'unproved');
    assert.equal(raw, 'one\none\nthree\n');
  });

  it('says that it is not proved when the pod is gone', async () => {
    let asked = 0;
    const subject: LogSubject = {
      state: () => ((asked += 1) > 1 ? 'gone' : 'running'),
      endedAt: () => null,
      changed: untilAborted,
    };

    const { end, raw } = await follow(threeLines, [cut(3, 36)], { subject });

    assert.equal(end?.type, 'unproved');
    assert.equal(raw, 'one\n');
  });

  it('gives up on a node that does not give the log of a container that ended', async () => {
    const unreachable = Array.from({ length: 100 }, () => 'unreachable' as const);
    const subject: LogSubject = { state: () => 'ended', endedAt: () => null, changed: untilAborted };

    const { end } = await follow(threeLines, unreachable, { subject });

    assert.deepEqual(end, { type: 'unproved', why: 'the node does not give the log', hasEnd: false });
  });

  it("takes the kubelet's own words for no line of the log", async () => {
    const path = toPath();
    await using store = await openRawStore({ fileSystem: systemFileSystem, path, base: 0, limitBytes: null });
    const doubts = new LogDoubts(null, 0);
    const copy = new LogCopy({ store, doubts, position: null });
    const words = 'unable to retrieve container logs for containerd://0123456789abcdef0123456789abcdef';

    const beginning = new LogBeginning({ startedAt: null, earlier: null, isSettled: false });
    const end = await followLog({
      copy,
      doubts,
      beginning,
      fileLook: { bytes: Infinity, ms: 1 },
      openLog: async () => ({
        type: 'log',
        chunks: (async function* () {
          yield Buffer.from(words);
        })(),
      }),
      subject: { state: () => 'ended', endedAt: () => null, changed: untilAborted },
      clock: createHastyClock(),
      flush: () => store.flush(),
      giveUpMs: 60_000,
      signal: new AbortController().signal,
    });

    assert.equal(end?.type, 'unproved');
    assert.equal(await readFile(path, 'latin1'), '');
  });

  it('begins behind what a hook printed, and stores nothing beyond its limit', async () => {
    const path = toPath();
    await writeFile(path, 'hook\n');

    const copied = await follow(threeLines, [cut(3, 50), whole(threeLines)], { path, base: 5, limitBytes: 6 });

    assert.deepEqual(copied.end, { type: 'whole' });
    assert.equal(copied.raw, 'hook\none\non');
    assert.equal(copied.dropped, 8);
  });

  const entry = fc.record({
    step: fc.constantFrom(0n, 0n, 1n, 400_000_000n, second, 5n * second, -second, -1n),
    text: fc.constantFrom('', 'x', 'x', 'line', 'a longer line of some bytes', ' 2025-10-09T08:53:20Z y'),
    part: fc.boolean(),
  });
  const toLog = (
    steps: readonly { readonly step: bigint; readonly text: string; readonly part: boolean }[],
  ): LogEntry[] => {
    let at = start;
    return steps.map(({ step, text, part }) => ({ at: (at += step), text, part: part && text !== '' }));
  };
  const log = fc.array(entry, { maxLength: 30 }).map(toLog);
  const orderedLog = fc
    .array(entry, { maxLength: 30 })
    .map((steps) => toLog(steps.map((step) => ({ ...step, step: step.step > 0n ? step.step : 2n - step.step }))));
  const answers = fc.array(
    fc.oneof(
      fc.constantFrom('refused' as const, 'not-yet' as const, 'unreachable' as const),
      fc.record({
        to: fc.nat({ max: 30 }),
        from: fc.constant(0),
        cutAfter: fc.option(fc.nat({ max: 900 })),
        chunkBytes: fc.integer({ min: 1, max: 100 }),
      }),
    ),
    { maxLength: 8 },
  );

  /** Each answer has at least what the one before had. */
  function toGrowing(script: readonly (FakeAnswer | 'refused' | 'not-yet' | 'unreachable')[]) {
    let to = 0;
    let from = 0;
    return script.map((answer) => {
      if (typeof answer === 'string') return answer;
      to = Math.max(to, answer.to);
      from = Math.min(Math.max(from, answer.from), to);
      return { ...answer, to, from };
    });
  }

  const inOrder = (entries: readonly LogEntry[]) =>
    entries.every(({ at }, index) => at >= (entries[index - 1]?.at ?? at));

  it('is the same byte for byte however often the connection is lost, or not told to be whole', async () => {
    await fc.assert(
      fc.asyncProperty(log, answers, async (entries, script) => {
        const { end, raw, gaps } = await follow(entries, toGrowing(script));

        if (end?.type === 'whole') assert.equal(raw, toText(entries));
        // Nothing was dropped: only a clock that goes back by seconds may make it look so.
        if (inOrder(entries)) assert.deepEqual({ end, gaps }, { end: { type: 'whole' }, gaps: [] });
      }),
      { numRuns: 300 },
    );
  });

  const turn = fc.record({ at: fc.nat({ max: 30 }), to: fc.nat({ max: 30 }), isEarly: fc.boolean() });
  const rotating = fc.array(
    fc.record({
      to: fc.nat({ max: 30 }),
      from: fc.nat({ max: 30 }),
      cutAfter: fc.option(fc.nat({ max: 900 })),
      chunkBytes: fc.integer({ min: 1, max: 100 }),
      turn: fc.option(turn),
    }),
    { maxLength: 8 },
  );

  /** Each answer has at least what the one before had, and nothing that was put aside before. */
  function toTurning(script: readonly (Omit<FakeAnswer, 'turn'> & { readonly turn: FakeTurn | null })[]): {
    readonly answers: readonly FakeAnswer[];
    readonly from: number;
  } {
    let to = 0;
    let from = 0;
    const turning = script.map(({ turn, ...answer }) => {
      to = Math.max(to, answer.to);
      const begin = (from = Math.min(Math.max(from, answer.from), to));
      if (turn === null) return { ...answer, to, from };
      const at = Math.min(Math.max(turn.at, begin), to);
      from = Math.min(Math.max(turn.to, at), to);
      return { ...answer, from: begin, to, turn: { at, to: from, isEarly: turn.isEarly } };
    });
    return { answers: turning, from };
  }

  const lookBytes = fc.constantFrom(1, 30, 1000);

  it('is never told to be whole when the kubelet dropped lines that were not read, and lacks something only where it says so', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(log, orderedLog),
        rotating,
        fc.nat({ max: 30 }),
        lookBytes,
        async (entries, script, kept, bytes) => {
          const turning = toTurning(script);
          const from = Math.min(entries.length, Math.max(kept, turning.from));

          const { end, raw, gaps } = await follow(entries, turning.answers, { from, fileLook: { bytes, ms: 1 } });

          // A file that was rotated before its first line was read begins like one that never was.
          const [head, ...others] = entries;
          const isTold = others.every(({ at, text }) => at !== head?.at || text !== head.text);
          const hasRead = ({ from, to, turn, cutAfter }: FakeAnswer) =>
            from === 0 && Math.min(to, turn?.at ?? to) > 0 && (cutAfter ?? 100) > 31;
          const isSeenFromStart = from === 0 || (isTold && head?.part !== true && turning.answers.some(hasRead));
          if (!isSeenFromStart) return;
          const text = toText(entries);
          if (end?.type === 'whole') assert.equal(raw, text);
          if (raw !== text) assert.equal(end?.type, 'unproved');
          // A file is known by the time of its first line.
          const isKnown = entries.every(({ at }, index) => at > (entries[index - 1]?.at ?? -1n));
          if (isKnown) assert.ok(isTrue(raw, text, gaps), JSON.stringify({ raw, text, gaps }));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('goes on where an earlier agent stopped, at whatever byte, with what that agent had written down', async () => {
    await fc.assert(
      fc.asyncProperty(log, answers, fc.nat({ max: 400 }), fc.boolean(), async (entries, script, bytes, knows) => {
        const path = toPath();
        const growing = toGrowing(script);
        const first = await follow(entries, growing, { path });
        const lost = Math.min(bytes, first.raw.length);
        await writeFile(path, first.raw.slice(0, first.raw.length - lost), 'latin1');

        const { end, raw } = await follow(entries, [], { path, position: knows ? first.position : null });

        if (end?.type === 'whole') assert.equal(raw, toText(entries));
        if (inOrder(entries)) assert.deepEqual(end, { type: 'whole' });
      }),
      { numRuns: 200 },
    );
  });

  it('has no line twice, and lacks something only where it says so, when the kubelet puts a file aside while no agent is there', async () => {
    // The time of a line's later parts is in no answer, so these may be taken twice.
    const unparted = orderedLog.map((entries) => entries.map((entry) => ({ ...entry, part: false })));
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        unparted,
        rotating,
        share,
        share,
        fc.nat({ max: 30 }),
        async (entries, script, when, part, gone) => {
          const path = toPath();
          const turning = toTurning(script);
          const first = await follow(entries, turning.answers, { path, from: turning.from });
          const stop = first.kept[Math.floor(when * first.kept.length)];
          // Before there is a line, nothing but the time tells that one is gone.
          if (stop === undefined || stop.position.firstTime === null) return;
          const length = stop.least + Math.floor(part * (stop.most - stop.least));
          await writeFile(path, first.raw.slice(0, length), 'latin1');
          const from = Math.min(entries.length, Math.max(turning.from, gone));

          const { end, raw, gaps } = await follow(entries, [], { path, from, position: stop.position });

          const text = toText(entries);
          const isSeenFromStart = isTrue(first.raw, text, first.gaps);
          if (isSeenFromStart) assert.ok(isTrue(raw, text, gaps), JSON.stringify({ raw, text, gaps, end }));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
