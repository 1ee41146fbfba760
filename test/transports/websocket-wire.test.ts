import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { closeCodes, fromCloseFrame, toCloseFrame } from '../../transports/websocket/close-frame.ts';
import { type Codec, controlCodec, createAgentSessionCodec, hubSessionCodec } from '../../transports/websocket/wire.ts';
import { agentFrames, events, hubFrames } from './wire-arbitraries.ts';

const agentSessionCodec = createAgentSessionCodec();
const codecs: Readonly<Record<string, Codec<unknown, never>>> = { controlCodec, agentSessionCodec, hubSessionCodec };

function carried<Message>(encoder: Codec<unknown, Message>, decoder: Codec<Message, never>, message: Message): Message {
  const encoded = encoder.encode(message);
  return typeof encoded === 'string'
    ? decoder.decode(Buffer.from(encoded), false)
    : decoder.decode(Buffer.from(encoded), true);
}

describe('websocket wire', () => {
  it('brings every event back as it was', () => {
    fc.assert(
      fc.property(events, (message) => assert.deepEqual(carried(controlCodec, controlCodec, message), message)),
    );
  });

  it('brings every frame of a session back as it was', () => {
    fc.assert(
      fc.property(agentFrames, (message) => {
        const back = carried(agentSessionCodec, hubSessionCodec, message);
        assert.deepEqual(back.type === 'log' ? { ...back, bytes: Uint8Array.from(back.bytes) } : back, message);
      }),
    );
    fc.assert(
      fc.property(hubFrames, (message) =>
        assert.deepEqual(carried(hubSessionCodec, agentSessionCodec, message), message),
      ),
    );
  });

  for (const [name, codec] of Object.entries(codecs)) {
    it(`throws nothing but ProtocolError for any bytes (${name})`, () => {
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 100 }),
        fc.uint8Array({ minLength: 16, maxLength: 30 }).map((array) => Uint8Array.from([1, ...array])),
        fc.json().map((value) => Buffer.from(value)),
        fc
          .constantFrom('{"type":"log"}', '{"type":"ack","offset":-1}', '{"type":"__proto__"}', 'null')
          .map((value) => Buffer.from(value)),
      );
      fc.assert(
        fc.property(bytes, fc.boolean(), (data, binary) => {
          try {
            codec.decode(Buffer.from(data), binary);
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error));
          }
        }),
      );
    });
  }
});

describe('websocket close frames', () => {
  const reason = fc.string({ unit: 'grapheme-ascii', maxLength: 100 });
  const retryAfterMs = fc.option(fc.nat(9_999_999_999));

  it('bring the reason and the wish back as they were', () => {
    fc.assert(
      fc.property(reason, retryAfterMs, (said, retry) => {
        const back = fromCloseFrame(toCloseFrame({ reason: said, retryAfterMs: retry }), undefined);
        assert.deepEqual(back, { type: 'remote', reason: said, retryAfterMs: retry });
      }),
    );
  });

  it('hold any reason in 123 bytes of UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.option(fc.double()), (said, retry) => {
        const { text: written } = toCloseFrame({ reason: said, retryAfterMs: retry });
        assert.ok(Buffer.byteLength(written) <= 123);
        assert.ok(written.isWellFormed());
      }),
    );
  });

  it('mean an end, a failure of ours, or a break, by their code', () => {
    const types = [
      1000,
      1001,
      1005,
      1012,
      closeCodes.tryAgainLater,
      1002,
      1003,
      1007,
      1009,
      1006,
      1008,
      1011,
      4000,
    ].map((code) => {
      const reasonOf = fromCloseFrame({ code, text: '' }, undefined);
      return [code, reasonOf.type === 'failure' ? reasonOf.error.code : reasonOf.type];
    });

    assert.deepEqual(Object.fromEntries(types), {
      1000: 'remote',
      1001: 'remote',
      1005: 'remote',
      1012: 'remote',
      1013: 'remote',
      1002: 'invalid-message',
      1003: 'invalid-message',
      1007: 'invalid-message',
      1009: 'too-large',
      1006: 'broken',
      1008: 'broken',
      1011: 'broken',
      4000: 'broken',
    });
  });
});
