import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toClientNetwork } from '../../../../hub/api/rates/client-network.ts';
import { FailedSignIns } from '../../../../hub/api/rates/failed-sign-ins.ts';
import { limitSignIns } from '../../../../hub/api/rates/limit-sign-ins.ts';
import { RateBuckets } from '../../../../hub/api/rates/rate-buckets.ts';
import { tooMany } from '../../../../hub/api/rates/too-many.ts';
import { tokenRefused } from '../../../../hub/identity/user-authenticator.ts';
import { systemClock } from '../../../../runtime/clock.ts';

function createTime() {
  let at = 1000;
  return { clock: { ...systemClock, monotonic: () => at }, pass: (ms: number) => void (at += ms) };
}

describe('a rate', () => {
  it('lets a burst in at once, then one for each part of a second, and says how long to wait', () => {
    const { clock, pass } = createTime();
    const buckets = new RateBuckets({ perSecond: 10, burst: 3, clock });
    const takeAll = () => Array.from({ length: 5 }, () => buckets.take('ada'));

    const burst = takeAll();
    pass(100);
    const later = takeAll();
    pass(10_000);
    const rested = takeAll();

    assert.deepEqual(burst, [0, 0, 0, 100, 100]);
    assert.deepEqual(later, [0, 100, 100, 100, 100]);
    assert.deepEqual(rested, burst);
  });

  it('is one for each, and none where there is no bound', () => {
    const { clock } = createTime();
    const buckets = new RateBuckets({ perSecond: 1, burst: 1, clock });
    const boundless = new RateBuckets({ perSecond: Infinity, burst: Infinity, clock });

    assert.deepEqual([buckets.take('ada'), buckets.take('bob'), buckets.take('ada')], [0, 0, 1000]);
    assert.ok(Array.from({ length: 1000 }, () => boundless.take('ada')).every((waitMs) => waitMs === 0));
  });

  it('remembers who came last, and no more than ten thousand', () => {
    const { clock } = createTime();
    const buckets = new RateBuckets({ perSecond: 1, burst: 1, clock });
    buckets.take('first');
    for (let index = 0; index < 9_999; index++) buckets.take(`other ${index}`);

    const known = buckets.take('first');
    buckets.take('one more');
    const forgotten = buckets.take('first');

    assert.deepEqual([known > 0, forgotten], [true, 0]);
  });

  it('forgets nobody who came again a moment ago', () => {
    const { clock } = createTime();
    const buckets = new RateBuckets({ perSecond: 1, burst: 2, clock });
    buckets.take('busy');
    for (let index = 0; index < 9_000; index++) buckets.take(`other ${index}`);
    buckets.take('busy');
    for (let index = 0; index < 5_000; index++) buckets.take(`another ${index}`);

    assert.ok(buckets.take('busy') > 0);
  });
});

it('Whoever has to wait is told seconds, and never none', () => {
  const full = { what: 'token-requests', limit: 1, key: 'KEY' };
  const waits = [1, 999, 1_000, 1_001, 60_000].map(
    (waitMs) => tooMany('much', { waitMs, full }).headers['retry-after'],
  );

  assert.deepEqual(waits, ['1', '1', '1', '2', '60']);
});

describe('guesses of a token', () => {
  it('that come at once are counted before one of them is looked at', async () => {
    const failures = new FailedSignIns({ free: 2, clock: createTime().clock });
    const { promise: judged, resolve: judge } = Promise.withResolvers<void>();
    let looks = 0;
    const signIn = limitSignIns(
      async () => {
        looks += 1;
        await judged;
        return tokenRefused;
      },
      { failures, onDeferred: () => {} },
    );

    const guesses = Array.from({ length: 20 }, (_, index) => signIn(`Bearer guess-${index}`, '192.0.2.1'));
    const answers = Promise.all(guesses);
    judge();

    const types = (await answers).map(({ type }) => type);
    assert.equal(looks, 3);
    assert.deepEqual(
      [types.slice(0, 3), new Set(types.slice(3))],
      [['refused', 'refused', 'refused'], new Set(['deferred'])],
    );
  });
});

describe('failures of one network', () => {
  it('shut it for twice as long each time, up to a minute, and are forgotten', () => {
    const { clock, pass } = createTime();
    const failures = new FailedSignIns({ free: 2, clock });
    const fail = () => {
      failures.add('here');
      const shutMs = failures.shutForMs('here');
      pass(shutMs);
      return shutMs;
    };

    const times = Array.from({ length: 10 }, fail);
    const elsewhere = failures.shutForMs('there');
    pass(10 * 60_000 + 1);

    assert.deepEqual(times, [0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    assert.equal(elsewhere, 0);
    assert.deepEqual([fail(), fail(), fail()], [0, 0, 1000]);
  });

  it('that did not fail after all leave nothing behind', () => {
    const { clock } = createTime();
    const failures = new FailedSignIns({ free: 1, clock });
    failures.add('here');
    failures.add('here');

    failures.takeBack('here');

    assert.equal(failures.shutForMs('here'), 0);
  });
});

describe('the network of a client', () => {
  it('is an address of IPv4, and the first half of one of IPv6', () => {
    const cases: Readonly<Record<string, string>> = {
      '192.0.2.7': '192.0.2.7',
      '::ffff:192.0.2.7': '192.0.2.7',
      '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
      '2001:db8::1': '2001:db8:0:0::/64',
      '2001:db8:1:2::': '2001:db8:1:2::/64',
      '::1': '0:0:0:0::/64',
      'fe80::1%eth0': 'fe80:0:0:0::/64',
      '2001::2:3:4:5:6:7': '2001:0:2:3::/64',
    };

    for (const [ip, network] of Object.entries(cases)) assert.equal(toClientNetwork(ip), network, ip);
  });
});
