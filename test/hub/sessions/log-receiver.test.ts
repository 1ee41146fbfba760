import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LogWriter } from '../../../hub/logs/log-store.ts';
import { LogReceiver } from '../../../hub/sessions/log-receiver.ts';

function memoryWriter(start = ''): LogWriter & { text(): string } {
  let content = Buffer.from(start);
  let durable = content.length;
  return {
    get durable() {
      return durable;
    },
    get length() {
      return content.length;
    },
    append: async (bytes) => {
      content = Buffer.concat([content, bytes]);
    },
    flush: async () => {
      await Promise.resolve();
      durable = content.length;
      return durable;
    },
    digest: async () => '',
    text: () => content.toString('latin1'),
    [Symbol.asyncDispose]: async () => {},
  };
}

describe('receiving a log', () => {
  it('skips what it has and asks once for a hole', async () => {
    const writer = memoryWriter('abc');
    const told: string[] = [];
    const receiver = new LogReceiver(writer, {
      ack: async (offset) => void told.push(`ack ${offset}`),
      rewind: async (offset) => void told.push(`rewind ${offset}`),
      failed: async () => {},
    });

    for (const [offset, text] of [
      [5, 'fg'],
      [7, 'h'],
      [1, 'bcde'],
      [5, 'fgh'],
    ] as const) {
      await receiver.receive({ type: 'log', offset, at: 0, bytes: Buffer.from(text) });
    }
    await receiver.settled();

    assert.equal(writer.text(), 'abcdefgh');
    assert.equal(told[0], 'rewind 3');
    assert.equal(told.filter((line) => line.startsWith('rewind')).length, 1);
    assert.equal(told.at(-1), 'ack 8');
  });

  it('asks anew for a hole that comes again after a piece that it has', async () => {
    const told: string[] = [];
    const receiver = new LogReceiver(memoryWriter('abc'), {
      ack: async () => {},
      rewind: async (offset) => void told.push(`rewind ${offset}`),
      failed: async () => {},
    });

    for (const [offset, text] of [
      [5, 'fg'],
      [0, 'abc'],
      [5, 'fg'],
    ] as const) {
      await receiver.receive({ type: 'log', offset, at: 0, bytes: Buffer.from(text) });
    }
    await receiver.settled();

    assert.deepEqual(told, ['rewind 3', 'rewind 3']);
  });

  it('ends with the same bytes whatever pieces come, doubled or out of order, once the tail is sent again', async () => {
    const text = 'the quick brown fox jumps over the lazy dog';
    const piece = fc.tuple(fc.nat(text.length), fc.nat(12));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const writer = memoryWriter();
        const receiver = new LogReceiver(writer, {
          ack: async () => {},
          rewind: async () => {},
          failed: async () => {},
        });

        for (const [offset, length] of pieces) {
          const bytes = Buffer.from(text.slice(offset, offset + length));
          await receiver.receive({ type: 'log', offset, at: 0, bytes });
        }
        await receiver.receive({
          type: 'log',
          offset: writer.length,
          at: 0,
          bytes: Buffer.from(text.slice(writer.length)),
        });
        await receiver.settled();

        assert.equal(writer.text(), text);
        assert.equal(writer.durable, text.length);
      }),
    );
  });

  it('acknowledges what is durable, and nothing that came while that was made so', async () => {
    const inner = memoryWriter();
    const flushes: (() => void)[] = [];
    const writer: LogWriter = {
      ...inner,
      get length() {
        return inner.length;
      },
      async flush() {
        const { length } = inner;
        await new Promise<void>((resolve) => flushes.push(resolve));
        return length;
      },
    };
    const acks: number[] = [];
    const receiver = new LogReceiver(writer, {
      ack: async (offset) => void acks.push(offset),
      rewind: async () => {},
      failed: async () => {},
    });
    const receive = (offset: number, text: string) =>
      receiver.receive({ type: 'log', offset, at: 0, bytes: Buffer.from(text) });

    await receive(0, 'abc');
    await receive(3, 'de');
    await new Promise(setImmediate);
    assert.deepEqual(acks, []);
    flushes.shift()?.();
    await new Promise(setImmediate);
    assert.deepEqual(acks, [3]);
    flushes.shift()?.();
    await receiver.settled();

    assert.deepEqual(acks, [3, 5]);
  });

  it('tells by itself what the log store failed with, and takes nothing from then on', async () => {
    const writer = memoryWriter();
    writer.flush = async () => Promise.reject(new Error('no space'));
    const told: unknown[] = [];
    const receiver = new LogReceiver(writer, {
      ack: async () => {},
      rewind: async () => {},
      failed: async (error) => void told.push(error),
    });

    await receiver.receive({ type: 'log', offset: 0, at: 0, bytes: Buffer.from('x') });
    const settled = await receiver.settled();
    await receiver.receive({ type: 'log', offset: 1, at: 0, bytes: Buffer.from('y') });

    assert.equal(settled, false);
    assert.match(String(told), /no space/);
    assert.equal(writer.text(), 'x');
  });
});
