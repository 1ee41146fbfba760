import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { type Crowd, Strangers } from '../../../runtime/listening/strangers.ts';

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  destroyed = false;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function createPlace({ most = 4, mostOfOne = 2 } = {}) {
  const cuts: [Crowd, string | undefined][] = [];
  const strangers = new Strangers({
    most,
    mostOfOne,
    isShared: (address) => address === '10.0.0.1',
    onCut: (crowd, remote) => cuts.push([crowd, remote]),
  });
  const of = (socket: FakeSocket) => socket as unknown as Socket;
  const enter = (address: string): FakeSocket => {
    const socket = new FakeSocket(address);
    strangers.enter(of(socket));
    return socket;
  };
  return { cuts, strangers, enter, of };
}

describe('a crowd of connections that nobody knows', () => {
  it('is thinned by the oldest of the address that has too many', () => {
    const { cuts, enter, strangers } = createPlace();

    const other = enter('192.0.2.2');
    const [first, second, third] = [enter('192.0.2.1'), enter('::ffff:192.0.2.1'), enter('192.0.2.1')];

    assert.deepEqual(cuts, [['crowded-address', '192.0.2.1']]);
    assert.deepEqual(
      [other, first, second, third].map(({ destroyed }) => destroyed),
      [false, true, false, false],
    );
    assert.equal(strangers.count, 3);
  });

  it('is thinned by the oldest of the address that has the most when there are too many in all', () => {
    const { cuts, enter } = createPlace({ most: 3, mostOfOne: 2 });

    const single = enter('192.0.2.1');
    const [first, second] = [enter('192.0.2.2'), enter('192.0.2.2')];
    const last = enter('192.0.2.3');

    assert.deepEqual(cuts, [['crowded', '192.0.2.2']]);
    assert.deepEqual(
      [single, first, second, last].map(({ destroyed }) => destroyed),
      [false, true, false, false],
    );
  });

  it('counts 64 bits of IPv6 as one address', () => {
    const { cuts, enter } = createPlace();

    for (const host of [':1', '2:3:4:5', ':ffff']) enter(`2001:DB8:0:7:${host}`);
    enter('2001:db8:0:8::1');

    assert.deepEqual(cuts, [['crowded-address', '2001:DB8:0:7::1']]);
  });

  it('lets an address that many share have all there are', () => {
    const { cuts, enter } = createPlace();

    for (let each = 0; each < 5; each += 1) enter('10.0.0.1');

    assert.deepEqual(cuts, [['crowded', '10.0.0.1']]);
  });

  it('does not count who is known, nor who has gone, and follows a connection that was secured', () => {
    const { cuts, enter, strangers, of } = createPlace();
    const known = enter('192.0.2.1');
    const raw = enter('192.0.2.1');
    const secured = new FakeSocket('192.0.2.1');

    strangers.rename(of(raw), of(secured));
    strangers.know(of(known));
    const third = enter('192.0.2.1');
    strangers.know(of(secured));
    enter('192.0.2.1');
    third.destroy();

    assert.deepEqual(cuts, []);
    assert.equal(strangers.count, 1);
    assert.deepEqual(
      [known, raw, secured].map((socket) => socket.listenerCount('close')),
      [0, 0, 0],
    );
  });
});
