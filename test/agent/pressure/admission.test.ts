import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Admission, startAdmission } from '../../../agent/pressure/admission.ts';
import {
  defaultAdmissionLimits,
  defaultPressureLimits,
  type PressureLimits,
} from '../../../agent/pressure/admission-limits.ts';
import { type PressureReading, unknownPressure } from '../../../agent/pressure/pressure.ts';
import { ReportedAdmission } from '../../../protocol/admission.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { createVirtualClock, type VirtualClock } from '../../../runtime/virtual-clock.ts';

interface Place {
  readonly admission: Admission;
  readonly clock: VirtualClock;
  readonly news: string[];
  reading: PressureReading;
  lagMs: number;
  isShort: boolean;
}

function createPlace(limits: Partial<PressureLimits> = {}): Place {
  const clock = createVirtualClock();
  const news: string[] = [];
  const state = { reading: unknownPressure, lagMs: 0, isShort: false };
  const admission = startAdmission({
    pressure: () => state.reading,
    loopLag: {
      get latest() {
        return { p99Ms: 0, meanMs: state.lagMs, maxMs: state.lagMs };
      },
      [Symbol.dispose]: () => {},
    },
    spool: {
      get isShort() {
        return state.isShort;
      },
    },
    limits: { ...defaultAdmissionLimits, pressure: { ...defaultPressureLimits, ...limits } },
    clock,
    logger: silentLogger,
    loops: createLoopBoard(clock),
    onChange: () => news.push(admission.current.state),
  });
  return Object.assign(state, { admission, clock, news });
}

function toReading(
  kind: 'cpu' | 'memory' | 'io',
  percent: number,
  from: 'machine' | 'cgroup' = 'machine',
): PressureReading {
  return { ...unknownPressure, [kind]: { percent, from } };
}

describe('admission', () => {
  it('closes under lasting memory pressure, says since when and why, and opens when it is well again', async () => {
    const place = createPlace();
    const openedAt = place.admission.current.since;
    place.reading = toReading('memory', 43.4);

    await place.clock.advance(9_000);
    assert.equal(place.admission.current.state, 'open');
    assert.equal(place.admission.refuse(), null);
    await place.clock.advance(11_000);
    const { state, since, reasons, values } = place.admission.current;

    assert.equal(state, 'closed');
    assert.notEqual(since, openedAt);
    assert.deepEqual(reasons, [{ kind: 'memory', message: 'memory pressure 43 % over 10 s, limit 20 %' }]);
    assert.deepEqual(values.memory, { percent: 43, from: 'machine' });
    assert.deepEqual(place.admission.refuse(), { reason: 'pressure', message: reasons[0]?.message });

    place.reading = toReading('memory', 3);
    await place.clock.advance(25_000);
    assert.deepEqual([place.admission.current.state, place.admission.current.reasons], ['open', []]);
    assert.equal(place.admission.refuse(), null);
    assert.deepEqual(place.news, ['closed', 'open']);
  });

  it('says the same words for as long as it is closed for the same reason, whatever is measured meanwhile', async () => {
    const place = createPlace();
    place.reading = toReading('memory', 43, 'cgroup');
    await place.clock.advance(20_000);
    place.reading = toReading('memory', 77, 'cgroup');
    await place.clock.advance(20_000);

    const { reasons, values } = place.admission.current;
    assert.equal(reasons[0]?.message, 'memory pressure of its control group 43 % over 10 s, limit 20 %');
    assert.equal(values.memory?.percent, 77);
    assert.deepEqual(place.news, ['closed']);
  });

  it('stays open for all that computes: processors that are fully taken are no trouble', async () => {
    const place = createPlace();
    place.reading = toReading('cpu', 100);

    await place.clock.advance(600_000);

    assert.equal(place.admission.current.state, 'open');
    assert.deepEqual(place.admission.current.values.cpu, { percent: 100, from: 'machine' });
  });

  for (const [title, kind, limits, reading, words] of [
    ['processors', 'cpu', { cpuPercent: 90 }, toReading('cpu', 95), 'cpu pressure 95 % over 10 s, limit 90 %'],
    ['a disk', 'io', {}, toReading('io', 97), 'io pressure 97 % over 10 s, limit 95 %'],
    ['memory', 'memory', { memoryPercent: 5 }, toReading('memory', 5), 'memory pressure 5 % over 10 s, limit 5 %'],
    [
      'memory of a machine that tells of no pressure',
      'memory',
      {},
      { ...unknownPressure, freeMemoryPercent: 3.14 },
      '3.1 % of the memory is free, limit 5 %',
    ],
  ] as const) {
    it(`closes for want of ${title}`, async () => {
      const place = createPlace(limits);
      place.reading = reading;

      await place.clock.advance(20_000);

      assert.deepEqual(place.admission.current.reasons, [{ kind, message: words }]);
    });
  }

  it('does not look at free memory where the kernel tells of memory pressure', async () => {
    const place = createPlace();
    place.reading = { ...toReading('memory', 0), freeMemoryPercent: 1 };

    await place.clock.advance(60_000);

    assert.equal(place.admission.current.state, 'open');
  });

  it('closes while the agent itself is late', async () => {
    const place = createPlace();
    place.lagMs = 2_812;

    await place.clock.advance(20_000);

    assert.deepEqual(place.admission.current.reasons, [
      { kind: 'loop-lag', message: 'the agent itself comes 2812 ms late on average, limit 2000 ms' },
    ]);
    assert.equal(place.admission.current.values.loopLagMeanMs, 2_812);
  });

  it('closes at once where a job would have nowhere to print to, whatever the limits, and opens as soon as it has', async () => {
    const place = createPlace({ memoryPercent: Infinity, ioPercent: Infinity, loopLagMs: Infinity });
    place.isShort = true;

    await place.clock.advance(5_000);
    const { state, reasons } = place.admission.current;
    place.isShort = false;
    await place.clock.advance(5_000);

    assert.deepEqual(
      [state, reasons],
      ['closed', [{ kind: 'spool', message: 'no room for the output of another job' }]],
    );
    assert.equal(place.admission.current.state, 'open');
  });

  it('leaves it to the claim of an offer whether there is room for it', async () => {
    const place = createPlace();
    place.isShort = true;

    await place.clock.advance(5_000);

    assert.equal(place.admission.refuse(), null);
  });

  it('tells of each reason that comes or goes, and opens when the last is gone', async () => {
    const place = createPlace();
    place.reading = toReading('memory', 50);
    await place.clock.advance(20_000);
    place.lagMs = 2_900;
    await place.clock.advance(20_000);
    const { since, reasons } = place.admission.current;
    place.reading = unknownPressure;
    await place.clock.advance(30_000);

    assert.deepEqual(
      reasons.map(({ kind }) => kind),
      ['memory', 'loop-lag'],
    );
    assert.deepEqual([place.admission.current.since, place.admission.current.reasons.length], [since, 1]);
    place.lagMs = 0;
    await place.clock.advance(30_000);
    assert.deepEqual(place.news, ['closed', 'closed', 'closed', 'open']);
  });

  it('looks no more once it is disposed', async () => {
    const place = createPlace();
    place.admission[Symbol.dispose]();

    assert.equal(place.clock.pending, 0);
  });

  it('reads what a later version says', () => {
    const { current } = createPlace().admission;
    const later = {
      ...current,
      state: 'half-open',
      reasons: [{ kind: 'heat', message: '97 °C', of: 'tomorrow' }],
      values: { ...current.values, cpu: { percent: 3, from: 'universe' }, heat: 97 },
    };

    const read = ReportedAdmission.parse(later);

    assert.deepEqual([read.state, read.reasons], ['open', [{ kind: 'other', message: '97 °C' }]]);
    assert.deepEqual(read.values.cpu, { percent: 3, from: 'machine' });
  });
});
