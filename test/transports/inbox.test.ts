import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createInbox, type Inbox } from '../../transports/inbox.ts';

function createObserved(maxBytes: number): { readonly inbox: Inbox<number>; readonly calls: string[] } {
  const calls: string[] = [];
  const inbox = createInbox<number>({ maxBytes, onFull: () => calls.push('full'), onRoom: () => calls.push('room') });
  return { inbox, calls };
}

describe('inbox', () => {
  it('says once that it is full, and once that half of it is free again', async () => {
    const { inbox, calls } = createObserved(1000);
    const reader = inbox[Symbol.asyncIterator]();

    for (let item = 0; item < 20; item += 1) inbox.push(item, 36);
    assert.deepEqual(calls, ['full']);
    assert.equal(inbox.full, true);
    for (let item = 0; item < 14; item += 1) await reader.next();
    assert.deepEqual(calls, ['full']);
    await reader.next();

    assert.deepEqual(calls, ['full', 'room']);
    assert.equal(inbox.full, false);
  });

  it('counts something for items without size', () => {
    const { inbox, calls } = createObserved(1000);

    for (let item = 0; item < 100; item += 1) inbox.push(item, 0);

    assert.deepEqual(calls, ['full']);
  });

  it('hands items to those who wait, and an end to those who wait in vain', async () => {
    const { inbox } = createObserved(1000);
    const reader = inbox[Symbol.asyncIterator]();
    const first = reader.next();
    const second = reader.next();
    const third = reader.next();

    inbox.push(1, 1);
    inbox.push(2, 1);
    inbox.end();

    assert.deepEqual(await Promise.all([first, second, third]), [
      { value: 1, done: false },
      { value: 2, done: false },
      { value: undefined, done: true },
    ]);
  });

  it('delivers what waited at its end, and nothing that came later', async () => {
    const { inbox, calls } = createObserved(100);
    inbox.push(1, 200);
    inbox.end();
    inbox.push(2, 200);

    const items = [];
    for await (const item of inbox) items.push(item);

    assert.deepEqual(items, [1]);
    assert.deepEqual(calls, ['full'], 'nobody is told of room when nothing can come');
  });

  it('keeps the order through many turns of filling and emptying', async () => {
    const { inbox } = createObserved(10_000);
    const reader = inbox[Symbol.asyncIterator]();
    let pushed = 0;
    let read = 0;

    for (let round = 0; round < 200; round += 1) {
      for (let count = 0; count < (round * 7) % 13; count += 1) inbox.push(pushed++, 1);
      for (let count = 0; count < (round * 5) % 11 && read < pushed; count += 1) {
        assert.equal((await reader.next()).value, read++);
      }
    }
    while (read < pushed) assert.equal((await reader.next()).value, read++);
  });
});
