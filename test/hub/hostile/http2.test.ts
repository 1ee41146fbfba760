import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import { controlTarget } from '../../../transports/targets.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { openRaw, type RawClient } from '../../support/raw-client.ts';
import { until } from '../../support/until.ts';
import { needles, startHonestAgent } from './honest-agent.ts';
import { type HostilePlace, hurriedClock, startHostilePlace } from './hostile-place.ts';
import {
  begin,
  endHeaders,
  endStream,
  field,
  frame,
  indexedField,
  integer,
  toCall,
  toStream,
  types,
  word,
} from './http2-frames.ts';
import { enrolThief } from './thief.ts';

checkLeaks();

/** Node says so of what piles up: a listener for each of thousands of calls. */
const warnings: string[] = [];
process.on('warning', ({ name }) => warnings.push(name));

type Flood = (index: number) => Buffer;

const call = toCall('Control');
const ping = frame(types.ping, 0, 0, Buffer.alloc(8));
const settings = frame(types.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), word(65_535)]));
const priority = Buffer.concat([word(0), Buffer.from([15])]);
/** 16 KiB of one field that stands in the table and has 4,000 bytes: 64 MB of fields. */
const bomb = Buffer.concat([call, indexedField('x', 'y'.repeat(3_900)), Buffer.alloc(12_000, integer(0x80, 7, 62))]);
const goaway = frame(types.goaway, 0, 0, Buffer.concat([word(0), word(0)]));
const first =
  (head: Buffer, then: Flood): Flood =>
  (index) =>
    index === 0 ? head : then(index);
const opened = frame(types.headers, endHeaders, 1, call);

/** What is said again and again behind the beginning, by one whom nobody knows. */
const floods: Readonly<Record<string, Flood>> = {
  'calls that are taken back': (index) =>
    Buffer.concat([
      frame(types.headers, endHeaders, toStream(index), call),
      frame(types.reset, 0, toStream(index), word(8)),
    ]),
  'calls that never end': (index) => frame(types.headers, endHeaders, toStream(index), call),
  'requests that are asked and ended': (index) => frame(types.headers, endHeaders | endStream, toStream(index), call),
  'headers that never end': first(frame(types.headers, 0, 1, call), () =>
    frame(types.continuation, 0, 1, field('x', 'y')),
  ),
  'empty pieces of headers': first(frame(types.headers, 0, 1, call), () => frame(types.continuation, 0, 1)),
  'headers that are small on the wire': (index) =>
    index < 1_000 ? frame(types.headers, endHeaders, toStream(index), bomb) : ping,
  'a thousand headers': (index) =>
    frame(
      types.headers,
      endHeaders,
      toStream(index),
      Buffer.concat([call, ...Array.from({ length: 1_000 }, () => field('x', 'y'))]),
    ),
  'tables of another size': (index) =>
    frame(types.headers, endHeaders, toStream(index), Buffer.concat([integer(0x20, 5, 2 ** 30), call])),
  'windows that overflow': () => frame(types.window, 0, 0, word(0x7f_ff_ff_ff)),
  'windows that grow by one': () => frame(types.window, 0, 0, word(1)),
  'a frame that is too large': () => frame(types.data, 0, 1, Buffer.alloc(20_000)),
  pings: () => ping,
  settings: () => settings,
  'settings of all kinds': () =>
    frame(
      types.settings,
      0,
      0,
      Buffer.concat(Array.from({ length: 2_000 }, () => Buffer.concat([Buffer.from([0, 0xff]), word(1)]))),
    ),
  'empty data': first(opened, () => frame(types.data, 0, 1)),
  'data that is padding': first(opened, () => frame(types.data, 8, 1, Buffer.from([1, 0]))),
  'data beyond the window': first(opened, () => frame(types.data, 0, 1, Buffer.alloc(16_000))),
  priorities: (index) => frame(types.priority, 0, toStream(index), priority),
  'priorities that depend on themselves': () => frame(types.priority, 0, 3, Buffer.concat([word(3), Buffer.from([1])])),
  'farewells and calls': (index) => Buffer.concat([goaway, frame(types.headers, endHeaders, toStream(index), call)]),
  'frames that nobody knows': () => frame(0xbe, 0xff, 0, Buffer.alloc(100)),
};

/** What one may say on a call that was accepted, besides messages: the floods above open calls, or break the connection. */
const onCall: Readonly<Record<string, Flood>> = {
  pings: () => ping,
  settings: () => settings,
  'windows that grow by one': () => frame(types.window, 0, 1, word(1)),
  'empty data': () => frame(types.data, 0, 1),
  'empty messages': () => frame(types.data, 0, 1, Buffer.alloc(5)),
  'messages that nobody can read': () => frame(types.data, 0, 1, Buffer.from([0, 0, 0, 0, 3, 0xff, 0xff, 0xff])),
  'a message of 4 GiB': () => frame(types.data, 0, 1, Buffer.from([0, 0xff, 0xff, 0xff, 0xff])),
  'a message that is compressed': () => frame(types.data, 0, 1, Buffer.from([1, 0, 0, 0, 1, 0])),
  priorities: (index) => frame(types.priority, 0, toStream(index), priority),
  'calls beside it that never end': (index) => frame(types.headers, endHeaders, toStream(index + 1), call),
  'calls beside it that are taken back': (index) =>
    Buffer.concat([
      frame(types.headers, endHeaders, toStream(index + 1), call),
      frame(types.reset, 0, toStream(index + 1), word(8)),
    ]),
};

/** Of the message that comes first on a call that was accepted: data on stream 1. */
const acceptedData = '\0\0\0\0\x01';

const framesAtOnce = 200;
const maxWaitingBytes = 1024 * 1024;
const maxWaits = 500;
const maxGrowthBytes = 300 * 1024 * 1024;

/** Says it until it is hung up on, or so many frames were taken. Answers are read, or not, and not kept. */
async function flood(
  client: RawClient,
  next: Flood,
  { reads, frames }: { readonly reads: boolean; readonly frames: number },
): Promise<void> {
  const { socket } = client;
  socket.removeAllListeners('data');
  if (reads) {
    socket.on('data', (chunk: Buffer) => {
      for (const needle of needles) assert.ok(!chunk.includes(needle), needle);
    });
  } else {
    socket.pause();
  }
  for (let index = 0; index < frames && socket.writable; index += framesAtOnce) {
    client.write(Buffer.concat(Array.from({ length: framesAtOnce }, (_, each) => next(index + each))));
    // Who is not read any more has to wait, which is an answer, too.
    for (let waits = 0; waits < maxWaits; waits += 1) {
      await delay(1);
      if (!socket.writable || socket.writableLength <= maxWaitingBytes) break;
    }
    if (socket.writableLength > maxWaitingBytes) return;
  }
}

/** A message of 1 GiB, as so many of 32 MiB behind each other, in little more than 1 MB. */
const zeros = Buffer.alloc(32 * 1024 * 1024);
const zippedZeros: Readonly<Record<string, Buffer>> = {
  gzip: toMessage(Buffer.concat(Array.from({ length: 32 }, () => gzipSync(zeros)))),
  deflate: toMessage(deflateSync(zeros)),
};

function toMessage(compressed: Buffer): Buffer {
  return Buffer.concat([Buffer.from([1]), word(compressed.length), compressed]);
}

/** As data on stream 1, in frames as large as they may be. */
async function send(client: RawClient, message: Buffer): Promise<void> {
  for (let at = 0; at < message.length && client.socket.writable; at += 16_384) {
    client.write(frame(types.data, 0, 1, message.subarray(at, at + 16_384)));
    await delay(1);
  }
}

/** Whether stream 1 was ended, in what came. */
function endsStream(said: string): boolean {
  const bytes = Buffer.from(said, 'latin1');
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const [type, flags] = [bytes[at + 3], bytes[at + 4] ?? 0];
    if (bytes.readUInt32BE(at + 5) !== 1) continue;
    if (type === types.reset || (type === types.headers && (flags & endStream) !== 0)) return true;
  }
  return false;
}

/** Looks that the memory stays bounded all the while. The clients are in it, too. */
async function watchMemory(attack: Promise<unknown>): Promise<void> {
  const before = process.memoryUsage.rss();
  let isOver = false;
  const over = attack.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await Promise.race([over, delay(50)]);
    const growth = process.memoryUsage.rss() - before;
    assert.ok(growth < maxGrowthBytes, `memory grew by ${growth} bytes`);
  }
  await over;
}

async function attack(place: HostilePlace, [what, next]: [string, Flood], reads: boolean): Promise<void> {
  using client = openRaw(place.target, { alpn: 'h2' });
  client.write(begin);
  await flood(client, next, { reads, frames: Infinity });
  await until(`${what} to be hung up on`, () => !client.socket.writable);
  client.socket.destroy();
  await client.closed;
}

for (const secure of [false, true]) {
  describe(`a flood of HTTP/2${secure ? ', by who shows a certificate' : ''}`, () => {
    for (const reads of [true, false]) {
      it(`is hung up on when answers are ${reads ? '' : 'not '}read, and gets nothing`, async () => {
        await using place = await startHostilePlace({ secure, clock: hurriedClock });
        await using agent = await startHonestAgent(place);
        await watchMemory(Promise.all(Object.entries(floods).map((each) => attack(place, each, reads))));
        await agent.stillWorks();

        await place.calm();
        assert.deepEqual(warnings, []);
        await agent.finish();
      });
    }

    it('harms nobody with messages that are small on the wire', async () => {
      await using place = await startHostilePlace({ secure });
      const thief = await enrolThief(place);
      await using agent = await startHonestAgent(place);
      const authorization = thief.present(controlTarget).replace('Authorization: ', '');
      for (const encoding of ['gzip', 'deflate']) {
        using client = openRaw(place.target, { alpn: 'h2' });
        const call = toCall('Control', { authorization, 'grpc-encoding': encoding });
        client.write(Buffer.concat([begin, frame(types.headers, endHeaders, 1, call)]));
        await until('the call to be accepted', () => client.said.includes(acceptedData));
        await watchMemory(send(client, zippedZeros[encoding] ?? assert.fail(encoding)));
        await until('the call to be ended', () => endsStream(client.said) || !client.socket.writable);
        await agent.stillWorks();
        client.socket.destroy();
        await client.closed;
      }

      await place.calm();
      await agent.finish();
    });

    it('harms nobody on a call that was accepted', async () => {
      await using place = await startHostilePlace({ secure });
      const thief = await enrolThief(place);
      await using agent = await startHonestAgent(place);
      const authorization = thief.present(controlTarget).replace('Authorization: ', '');
      for (const [what, next] of Object.entries(onCall)) {
        for (const reads of [true, false]) {
          using client = openRaw(place.target, { alpn: 'h2' });
          client.write(
            Buffer.concat([begin, frame(types.headers, endHeaders, 1, toCall('Control', { authorization }))]),
          );
          await until(`the call for ${what}`, () => client.said.includes(acceptedData));
          await watchMemory(flood(client, next, { reads, frames: 20_000 }));
          await agent.stillWorks();
          client.socket.destroy();
          await client.closed;
        }
      }

      await place.calm();
      assert.deepEqual(warnings, []);
      await agent.finish();
    });
  });
}
