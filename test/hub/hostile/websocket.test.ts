import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { controlTarget } from '../../../transports/targets.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { head, openRaw, type RawClient, statusesOf } from '../../support/raw-client.ts';
import { until } from '../../support/until.ts';
import { needles, startHonestAgent } from './honest-agent.ts';
import { type HostilePlace, startHostilePlace } from './hostile-place.ts';
import { enrolThief, type Thief, toUpgrade } from './thief.ts';

checkLeaks();

async function openChannel(place: HostilePlace, thief: Thief): Promise<RawClient> {
  const client = openRaw(place.target);
  client.write(
    toUpgrade(
      '/v1/control',
      'cloudevents.json',
      thief.present(controlTarget),
      'Sec-WebSocket-Extensions: permessage-deflate',
    ),
  );
  await until('the channel', () => client.said.includes('\r\n\r\n'));
  assert.deepEqual(statusesOf(client.said), [101], client.said);
  assert.doesNotMatch(client.said, /permessage-deflate/i);
  return client;
}

/** RFC 6455 §5.2, masked with zeros. `length` says more than there is, where it is given. */
function frame(first: number, payload: Buffer | string = '', { masked = true, length = null as bigint | null } = {}) {
  const body = Buffer.from(payload);
  const mask = masked ? 0x80 : 0;
  const bytes = Buffer.alloc(9);
  bytes[0] = mask | 127;
  bytes.writeBigUInt64BE(length ?? BigInt(body.length), 1);
  const size = length === null && body.length < 126 ? Buffer.from([mask | body.length]) : bytes;
  return Buffer.concat([Buffer.from([first]), size, masked ? Buffer.alloc(4) : Buffer.alloc(0), body]);
}

const mine = {
  'fragments of one byte, without end': () => [
    frame(0x01, 'x'),
    ...Array.from({ length: 40_000 }, () => frame(0x00, 'x')),
  ],
  'fragments that hold nothing, without end': () => [frame(0x01), ...Array.from({ length: 40_000 }, () => frame(0x00))],
  'fragments that are too large together': () => [
    frame(0x01),
    ...Array.from({ length: 20 }, () => frame(0x00, Buffer.alloc(600_000, 'x'))),
  ],
  'a fragment of nothing': () => [frame(0x00, 'x')],
  'a message within a message': () => [frame(0x01, 'x'), frame(0x81, 'y')],
  'a frame of 2^63 bytes': () => [frame(0x81, 'x', { length: 1n << 63n })],
  'a frame of 9 MiB that never comes': () => [frame(0x81, 'x', { length: 9n * 1024n * 1024n })],
  'a ping of 126 bytes': () => [frame(0x89, Buffer.alloc(126))],
  'a ping in fragments': () => [frame(0x09, 'x')],
  'a frame without a mask': () => [frame(0x81, '{}', { masked: false })],
  'a frame that says it is compressed': () => [frame(0xc1, Buffer.alloc(100))],
  'reserved bits': () => [frame(0xb1, 'x')],
  'an opcode that nobody knows': () => [frame(0x83, 'x')],
  'text that is no text': () => [frame(0x81, Buffer.from([0xff, 0xfe]))],
  'text that is no event': () => [frame(0x81, '{"specversion":"9"}')],
  'bytes where events belong': () => [frame(0x82, 'x')],
  'a close of one byte': () => [frame(0x88, 'x')],
  'a close with a code that nobody may send': () => [frame(0x88, Buffer.from([0x03, 0xed]))],
  'a close with a reason that is no text': () => [frame(0x88, Buffer.from([0x03, 0xe8, 0xff]))],
  'HTTP again': () => [Buffer.from(head('GET /api/v1/jobs HTTP/1.1', 'Host: x'))],
  'events of another agent, without end': () => [frame(0x81, 'x'.repeat(100_000))],
} as const;

for (const secure of [false, true]) {
  describe(`an agent that turns on its hub${secure ? ', with a certificate of its own' : ''}`, () => {
    it('is hung up on for what no websocket says, and harms nobody', async () => {
      await using place = await startHostilePlace({ secure });
      await using agent = await startHonestAgent(place);
      const thief = await enrolThief(place);
      const attacks = Object.entries(mine).map(async ([what, say]) => {
        using client = await openChannel(place, thief);
        for (const bytes of say()) client.write(bytes);

        await until(`${what} to be hung up on`, () => !client.socket.writable || client.socket.readableEnded, 15_000);
        client.socket.destroy();
        await client.closed;
        for (const needle of needles) assert.ok(!client.said.includes(needle), what);
      });
      await Promise.all(attacks);

      await place.calm();
      await agent.finish();
    });

    it('is hung up on when it pings and takes no answer', async () => {
      await using place = await startHostilePlace({ secure });
      await using agent = await startHonestAgent(place);
      using client = await openChannel(place, await enrolThief(place));
      client.socket.pause();
      const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(0x89, Buffer.alloc(125))));
      for (let each = 0; each < 1_000 && client.socket.writable; each += 1) {
        client.write(pings);
        await delay(1);
      }

      assert.equal(client.socket.writable, false, 'expected to be hung up on');
      await client.closed;
      await place.calm();
      await agent.finish();
    });
  });
}
