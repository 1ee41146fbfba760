import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { checkLeaks } from '../../support/leak-check.ts';
import { openRaw } from '../../support/raw-client.ts';
import { needles, startHonestAgent } from './honest-agent.ts';
import { startHostilePlace } from './hostile-place.ts';

checkLeaks();

const types = { data: 0, headers: 1, priority: 2, reset: 3, settings: 4, ping: 6, window: 8, continuation: 9 } as const;

/** RFC 9113 §4.1. */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** A field as a literal that is not indexed (RFC 7541 §6.2.2). */
function field(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

const begin = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(types.settings, 0, 0)]);
const control = Buffer.concat([
  field(':method', 'POST'),
  field(':scheme', 'http'),
  field(':path', '/farhand.v1.Agents/Control'),
  field('content-type', 'application/grpc'),
  field('te', 'trailers'),
]);
const endHeaders = 4;
const stream = (index: number) => 1 + 2 * index;

/** What is said again and again behind the beginning. */
const floods: Readonly<Record<string, (index: number) => Buffer>> = {
  'calls that are taken back': (index) =>
    Buffer.concat([
      frame(types.headers, endHeaders, stream(index), control),
      frame(types.reset, 0, stream(index), Buffer.from([0, 0, 0, 8])),
    ]),
  'headers that never end': (index) =>
    index === 0 ? frame(types.headers, 0, 1, control) : frame(types.continuation, 0, 1, field('x', 'y')),
  'empty pieces of headers': (index) =>
    index === 0 ? frame(types.headers, 0, 1, control) : frame(types.continuation, 0, 1),
  'windows that overflow': () => frame(types.window, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
  'a frame that is too large': () => frame(types.data, 0, 1, Buffer.alloc(20_000)),
};

describe('a flood of HTTP/2', () => {
  for (const [what, next] of Object.entries(floods)) {
    it(`of ${what} is hung up on, and gets nothing`, async () => {
      await using place = await startHostilePlace();
      await using agent = await startHonestAgent(place);
      using client = openRaw(place.target);
      // Answers are not read: what is owed to this one must not pile up.
      client.socket.pause();
      client.write(begin);
      for (let index = 0; index < 200_000 && client.socket.writable; index += 200) {
        client.write(Buffer.concat(Array.from({ length: 200 }, (_, each) => next(index + each))));
        await delay(1);
        if (index === 2_000) client.socket.resume();
      }

      assert.equal(client.socket.writable, false, 'expected to be hung up on');
      await client.closed;
      for (const needle of needles) assert.ok(!client.said.includes(needle));
      await place.calm();
      await agent.finish();
    });
  }
});
