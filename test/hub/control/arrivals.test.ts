import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitArrivals } from '../../../hub/control/admit-arrivals.ts';
import { Arrivals, defaultArrivalsLimits, type Entry } from '../../../hub/control/arrivals.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { controlTarget, sessionTarget } from '../../../transports/targets.ts';

function start(first: number, most = first) {
  const clock = createVirtualClock();
  const atOnce = { first, least: Math.min(first, 2), most };
  const arrivals = new Arrivals({ clock, random: systemRandom, limits: { ...defaultArrivalsLimits, atOnce } });
  const enter = () => {
    const entry = arrivals.enter();
    assert.ok(entry.type === 'entered');
    return entry.place;
  };
  return { clock, arrivals, enter };
}

function waitOf(entry: Entry): number {
  assert.ok(entry.type === 'full');
  return entry.comeBackInMs;
}

describe("the hub's door", () => {
  it('lets so many in at a time, and another one when one has arrived', () => {
    const { arrivals, enter } = start(3);
    const places = [enter(), enter(), enter()];

    const refused = arrivals.enter();
    places[0]?.leave();
    places[0]?.leave();
    const entered = arrivals.enter();
    const again = arrivals.enter();

    assert.deepEqual([refused.type, entered.type, again.type], ['full', 'entered', 'full']);
    assert.deepEqual([arrivals.arriving, arrivals.deferred], [3, 2]);
  });

  it('tells each of those who have to wait another time, one behind the other, and nobody a time that is too far', () => {
    const { arrivals, enter } = start(1);
    enter();

    const waits = Array.from({ length: 5_000 }, () => waitOf(arrivals.enter()));

    assert.equal(new Set(waits).size, waits.length);
    assert.deepEqual(
      waits,
      waits.toSorted((one, other) => one - other),
    );
    const last = waits.at(-1) ?? 0;
    assert.ok(last > 5_000 && last <= 60_000, `the last of 5,000 comes after ${last} ms`);
    const many = Array.from({ length: 100_000 }, () => waitOf(arrivals.enter()));
    assert.ok(many.every((waitMs) => waitMs >= 500 && waitMs <= 60_000));
  });

  it('tells whoever has to wait after a great crowd to come soon again', async () => {
    const { clock, arrivals, enter } = start(1);
    enter();
    for (let count = 0; count < 105_000; count += 1) arrivals.enter();

    await clock.advance(60_000);
    enter();

    assert.ok(waitOf(arrivals.enter()) < 1_000);
  });

  it('gives the place of one that does not arrive to others', async () => {
    const { clock, arrivals, enter } = start(2);
    const slow = enter();
    enter();

    await clock.advance(10_000);
    const place = enter();
    slow.leave();

    assert.equal(arrivals.arriving, 1);
    place.leave();
    assert.equal(clock.pending, 0);
  });

  it('follows the pace at which agents get in', async () => {
    const spread = async (paceMs: number): Promise<number> => {
      const { clock, arrivals, enter } = start(4);
      const inside = [enter(), enter(), enter(), enter()];
      for (let arrived = 0; arrived < 200; arrived += 1) {
        await clock.advance(paceMs);
        inside.shift()?.leave();
        inside.push(enter());
      }
      const waits = Array.from({ length: 101 }, () => waitOf(arrivals.enter()));
      return ((waits.at(-1) ?? 0) - (waits[0] ?? 0)) / 100;
    };

    const [quick, slow] = [await spread(2), await spread(20)];

    assert.ok(quick > 1.5 && quick < 3, `${quick} ms apart`);
    assert.ok(slow > 15 && slow < 22, `${slow} ms apart`);
  });

  it('learns nothing of the pace from agents that come now and then, when nobody has to wait', async () => {
    const { clock, arrivals, enter } = start(4);
    for (const place of [enter(), enter(), enter(), enter()]) place.leave();

    for (let arrived = 0; arrived < 200; arrived += 1) {
      const place = enter();
      await clock.advance(1_000);
      place.leave();
    }
    for (let taken = 0; taken < 4; taken += 1) enter();

    const waits = Array.from({ length: 101 }, () => waitOf(arrivals.enter()));
    assert.ok((waits.at(-1) ?? 0) - (waits[0] ?? 0) < 300, `${waits[0]} to ${waits.at(-1)} ms`);
  });

  it('lets more in at a time while they get in quickly, and fewer when they get slow', async () => {
    const { clock, arrivals } = start(4, 16);
    const pass = async (tookMs: number): Promise<number> => {
      const inside = [];
      for (let entry = arrivals.enter(); entry.type === 'entered'; entry = arrivals.enter()) inside.push(entry.place);
      await clock.advance(tookMs);
      for (const place of inside) place.leave();
      return inside.length;
    };

    const quick = [];
    for (let round = 0; round < 30; round += 1) quick.push(await pass(100));
    const slow = [];
    for (let round = 0; round < 30; round += 1) slow.push(await pass(4_000));

    assert.deepEqual([quick[0], quick.at(-1)], [4, 16]);
    assert.equal(slow.at(-1), 2);
  });

  it('keeps one place for each agent, whose newer dial takes over the older', () => {
    const { arrivals, enter } = start(3);
    arrivals.keep('a1', enter());
    arrivals.keep('a1', enter());
    arrivals.keep('a2', enter());
    const before = arrivals.arriving;

    arrivals.arrived('a1');
    arrivals.arrived('a1');

    assert.deepEqual([before, arrivals.arriving], [2, 1]);
  });

  it('lets nobody in once it is shut', () => {
    const { arrivals } = start(3);

    arrivals.shut();

    assert.equal(arrivals.enter().type, 'full');
    assert.equal(arrivals.isShut, true);
  });
});

describe('an agent at the door', () => {
  const request = (target: string) => ({ presented: null, certificate: null, target, remote: '' });
  const known = { type: 'admitted', principal: { id: 'a1', account: 'default', name: 'a1' } } as const;
  const unknown = { type: 'refused', code: 'unauthorized', message: 'who?', retryAfterMs: null } as const;

  it('keeps its place when it is known until it has arrived, and loses it when it is not', async () => {
    const { arrivals } = start(4);

    await admitArrivals(async () => unknown, arrivals)(request(controlTarget));
    assert.equal(arrivals.arriving, 0);
    await assert.rejects(admitArrivals(() => Promise.reject(new Error('no store')), arrivals)(request(controlTarget)));
    assert.equal(arrivals.arriving, 0);
    await admitArrivals(async () => known, arrivals)(request(controlTarget));
    assert.equal(arrivals.arriving, 1);
    arrivals.arrived('a1');

    assert.equal(arrivals.arriving, 0);
  });

  it('is told when to come back where there is no room, before anybody looks at what it presents; a session passes', async () => {
    const { arrivals, enter } = start(1);
    enter();
    let looks = 0;
    const admit = admitArrivals(async () => {
      looks += 1;
      return known;
    }, arrivals);

    const control = await admit(request(controlTarget));
    assert.equal(looks, 0);
    const session = await admit(request(sessionTarget('11111111-1111-4111-8111-111111111111')));

    assert.ok(control.type === 'refused' && control.code === 'unavailable');
    assert.ok((control.retryAfterMs ?? 0) > 0);
    assert.deepEqual(session, known);
    assert.equal(arrivals.arriving, 1);
  });
});
