import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageMemory } from '../../transports/websocket/message-memory.ts';

const bytes = 64 * 1024;

test('Memory that was given back is filled again, and none is in two hands', () => {
  const memory = new MessageMemory(bytes);
  const one = memory.take(bytes);
  const two = memory.take(20_000);
  assert.notEqual(one.buffer, two.buffer);

  memory.giveBack(one);
  memory.giveBack(one);
  const three = memory.take(30_000);
  const four = memory.take(bytes);

  assert.equal(three.buffer, one.buffer);
  assert.equal(three.length, 30_000);
  assert.ok(four.buffer !== three.buffer && four.buffer !== two.buffer);
});

test('Memory of others is not taken in', () => {
  const memory = new MessageMemory(bytes);
  const foreign = Buffer.alloc(100);

  memory.giveBack(foreign);
  memory.giveBack(memory.take(100));

  assert.equal(memory.take(bytes).buffer.byteLength, bytes);
});
