import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bell, createBell } from '../../../agent/attempts/bell.ts';
import { LogPump } from '../../../agent/attempts/log-pump.ts';
import { MaskedStream } from '../../../agent/attempts/masked-stream.ts';
import { Moments } from '../../../agent/attempts/moments.ts';
import type { SessionSubject } from '../../../agent/attempts/session-subject.ts';
import { createMasker } from '../../../agent/masking/masker.ts';
import type { AttemptResult } from '../../../protocol/attempt-result.ts';
import type { Progress } from '../../../protocol/progress.ts';
import type { AgentFrame } from '../../../protocol/session-frame.ts';
import { createVirtualClock, type VirtualClock } from '../../../runtime/virtual-clock.ts';
import type { AgentSessionChannel } from '../../../transports/session-transport.ts';
import { turn } from '../../support/turns.ts';

const result = { outcome: 'succeeded' } as unknown as AttemptResult;
const windowBytes = 10;

interface Scene extends AsyncDisposable {
  readonly pump: LogPump;
  /** What the hub was sent, in words. */
  readonly sent: string[];
  readonly news: Bell;
  /** The command printed so much more. */
  print(text: string): void;
  /** Nothing more comes. */
  seal(): void;
  /** There is a result, and more may come all the same. */
  conclude(): void;
  say(message: string): void;
  readonly clock: VirtualClock;
  /** Runs before each read of the file. */
  onRead: () => void;
}

/** A pump of a stream without secrets, to a channel that takes everything at once. */
function createScene({ offset = 0 }: { readonly offset?: number } = {}): Scene {
  const clock = createVirtualClock();
  const moments = new Moments();
  const news = createBell();
  const sent: string[] = [];
  let raw = Buffer.alloc(0);
  let isSealed = false;
  let progress: Progress | null = null;
  const stream = new MaskedStream({
    readRaw: async (position, buffer) => {
      scene.onRead();
      return raw.copy(buffer, 0, position);
    },
    moments,
    masking: { create: () => createMasker({}), identity: true },
  });
  const subject: SessionSubject = {
    attempt: 'attempt',
    describe: async () => null,
    receive: async () => {},
    forgotten: () => {},
    caughtUp: () => {},
    stream,
    get progress() {
      return progress;
    },
    get result() {
      return isSealed ? result : null;
    },
    news,
  };
  const channel = {
    async send(frame: AgentFrame) {
      if (frame.type === 'log') sent.push(`${frame.offset} ${Buffer.from(frame.bytes).toString()}`);
      else sent.push(frame.type === 'progress' ? `progress ${frame.message}` : frame.type);
    },
  } as unknown as AgentSessionChannel;
  const pump = new LogPump({ subject, channel, windowBytes, clock, offset });
  const over = new AbortController();
  const running = pump.run(over.signal);
  const scene: Scene = {
    pump,
    sent,
    news,
    print(text) {
      raw = Buffer.concat([raw, Buffer.from(text)]);
      moments.note(raw.length, clock.now());
      news.ring();
    },
    seal() {
      stream.freeze(raw.length);
      isSealed = true;
      news.ring();
    },
    conclude() {
      isSealed = true;
      news.ring();
    },
    say(message) {
      progress = { percent: null, message, outputs: null };
      news.ring();
    },
    clock,
    onRead: () => {},
    async [Symbol.asyncDispose]() {
      over.abort();
      await running;
    },
  };
  return scene;
}

test('No more than the window is on its way without an acknowledgement, and each acknowledgement makes room', async () => {
  await using scene = createScene();
  scene.print('0123456789abcdefghijklmno');
  await turn();
  assert.deepEqual(scene.sent, ['0 0123456789']);
  assert.equal(scene.pump.inFlightBytes, windowBytes);

  scene.pump.acknowledge(4);
  await turn();
  assert.deepEqual(scene.sent.slice(1), ['10 abcd']);

  scene.pump.acknowledge(14);
  await turn();
  assert.deepEqual(scene.sent.slice(2), ['14 efghijklmn']);
});

test('An acknowledgement that is older than another, or of more than was sent, makes no more room than there is', async () => {
  await using scene = createScene();
  scene.print('0123456789abcdefghijklmnopqrstuvwxyz');
  await turn();
  scene.pump.acknowledge(10);
  await turn();

  scene.pump.acknowledge(3);
  await turn();
  assert.equal(scene.pump.inFlightBytes, windowBytes);
  scene.pump.acknowledge(1_000);
  await turn();

  assert.deepEqual(scene.sent, ['0 0123456789', '10 abcdefghij', '20 klmnopqrst']);
  assert.equal(scene.pump.inFlightBytes, windowBytes);
});

test('A hub that has a part of the stream is sent what is behind it, in a window of its own', async () => {
  await using scene = createScene({ offset: 12 });
  scene.print('0123456789abcdefghijklmnopqrstuvwxyz');
  await turn();

  assert.deepEqual(scene.sent, ['12 cdefghij', '20 kl']);
  assert.equal(scene.pump.inFlightBytes, windowBytes);
});

test('The result is sent once, behind the last byte of the stream, and not while more may come', async () => {
  await using scene = createScene();
  scene.print('0123456789abc');
  await turn();
  scene.seal();
  await turn();
  assert.deepEqual(scene.sent, ['0 0123456789']);

  scene.pump.acknowledge(10);
  await turn();
  scene.news.ring();
  await turn();

  assert.deepEqual(scene.sent, ['0 0123456789', '10 abc', 'result']);
  assert.equal(scene.pump.resultSent, true);
});

test('A result that is there before the end of the stream is known waits for it', async () => {
  await using scene = createScene();
  scene.print('012');
  scene.conclude();
  await turn();
  assert.deepEqual(scene.sent, ['0 012']);

  scene.seal();
  await turn();

  assert.deepEqual(scene.sent, ['0 012', 'result']);
});

test('Progress is said at once and then no more often than it may be, the newest of it, and not behind the result', async () => {
  await using scene = createScene();
  scene.say('one');
  await turn();
  scene.say('two');
  await turn();
  scene.say('three');
  await turn();
  assert.deepEqual(scene.sent, ['progress one']);

  await scene.clock.advance(500);
  await turn();
  assert.deepEqual(scene.sent, ['progress one', 'progress three']);
  scene.say('four');
  await turn();
  scene.seal();
  await scene.clock.advance(500);
  await turn();

  assert.deepEqual(scene.sent, ['progress one', 'progress three', 'result']);
});

test('A pump that stops leaves no timer behind', async () => {
  const scene = createScene();
  scene.say('one');
  await turn();
  scene.say('two');
  await turn();
  assert.equal(scene.clock.pending, 1);

  await scene[Symbol.asyncDispose]();

  assert.equal(scene.clock.pending, 0);
});

test('What is asked for again is sent again in a whole window, and the result behind it', async () => {
  await using scene = createScene();
  scene.print('0123456789abc');
  scene.seal();
  await turn();
  scene.pump.acknowledge(10);
  await turn();
  scene.sent.length = 0;

  scene.pump.rewind(2);
  await turn();
  assert.deepEqual(scene.sent, ['2 23456789ab']);
  assert.equal(scene.pump.resultSent, false);
  scene.pump.acknowledge(12);
  await turn();

  assert.deepEqual(scene.sent, ['2 23456789ab', '12 c', 'result']);
});

test('What was being read when the hub asked for another place is not sent', async () => {
  await using scene = createScene();
  scene.print('01234567');
  await turn();
  let isAsked = false;
  scene.onRead = () => {
    if (isAsked) return;
    isAsked = true;
    scene.pump.rewind(3);
  };

  scene.print('ab');
  await turn();

  assert.deepEqual(scene.sent, ['0 01234567', '3 34567ab']);
});
