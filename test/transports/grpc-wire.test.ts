import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudEvent as ForeignEvent } from 'cloudevents';
import fc from 'fast-check';
import { type CloudEvent, parseCloudEvent } from '../../protocol/cloud-event.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import type { AgentFrame, HubFrame } from '../../protocol/session-frame.ts';
import { Frame } from '../../transports/grpc/generated/farhand/v1/agents.ts';
import {
  type CloudEvent_CloudEventAttributeValue as AttributeValue,
  CloudEvent as EventMessage,
} from '../../transports/grpc/generated/io/cloudevents/v1/cloudevents.ts';
import type { LinePacket, Packet } from '../../transports/grpc/packet.ts';
import { agentSessionCodec, type Codec, controlCodec, hubSessionCodec } from '../../transports/grpc/wire.ts';
import { controlCodec as websocketCodec } from '../../transports/websocket/wire.ts';
import { agentFrames, events, hubFrames } from './wire-arbitraries.ts';

function carried<Message>(encoder: Codec<unknown, Message>, decoder: Codec<Message, never>, message: Message): Message {
  const back = decoder.decode(Buffer.from(encoder.encode({ type: 'message', message })));
  assert.equal(back.type, 'message');
  return back.message;
}

function message(change: Partial<EventMessage>): Buffer {
  const whole = { id: '1', source: 's', specVersion: '1.0', type: 't', attributes: new Map(), data: undefined };
  return Buffer.from(EventMessage.encode({ ...whole, ...change }).finish());
}

function attributes(values: Readonly<Record<string, AttributeValue['attr']>>): Map<string, AttributeValue> {
  return new Map(Object.entries(values).map(([name, attr]) => [name, { attr }]));
}

function eventOf(bytes: Buffer): CloudEvent {
  const packet = controlCodec.decode(bytes);
  assert.equal(packet.type, 'message');
  return packet.message;
}

const lines: readonly LinePacket[] = [
  { type: 'ping' },
  { type: 'pong' },
  { type: 'farewell', farewell: { reason: 'wärum', retryAfterMs: null } },
  { type: 'farewell', farewell: { reason: '', retryAfterMs: 1_500 } },
  { type: 'complaint', code: 'too-large', reason: 'too much' },
  { type: 'complaint', code: 'invalid-message', reason: '' },
];

describe('grpc wire', () => {
  it('brings every event back as it was', () => {
    fc.assert(fc.property(events, (event) => assert.deepEqual(carried(controlCodec, controlCodec, event), event)));
  });

  it('brings every event that came by websocket to a websocket as it was', () => {
    fc.assert(
      fc.property(events, (event) => {
        const came = websocketCodec.decode(Buffer.from(websocketCodec.encode(event)), false);
        const gone = carried(controlCodec, controlCodec, came);
        assert.deepEqual(websocketCodec.decode(Buffer.from(websocketCodec.encode(gone)), false), came);
      }),
    );
  });

  it('brings every frame of a session back as it was', () => {
    fc.assert(
      fc.property(agentFrames, (frame) => {
        const back = carried<unknown>(
          agentSessionCodec as Codec<unknown, unknown>,
          hubSessionCodec as Codec<unknown, never>,
          frame,
        ) as AgentFrame;
        assert.deepEqual(back.type === 'log' ? { ...back, bytes: Uint8Array.from(back.bytes) } : back, frame);
      }),
    );
    fc.assert(
      fc.property(hubFrames, (frame) => {
        const back = carried<unknown>(
          hubSessionCodec as Codec<unknown, unknown>,
          agentSessionCodec as Codec<unknown, never>,
          frame,
        ) as HubFrame;
        assert.deepEqual(back, frame);
      }),
    );
  });

  for (const line of lines) {
    it(`brings ${JSON.stringify(line)} back as it was, on both kinds of call`, () => {
      const pairs: readonly (readonly [Codec<unknown, never>, Codec<unknown, never>])[] = [
        [controlCodec, controlCodec],
        [agentSessionCodec, hubSessionCodec],
        [hubSessionCodec, agentSessionCodec],
      ];
      for (const [encoder, decoder] of pairs) {
        assert.deepEqual(decoder.decode(Buffer.from(encoder.encode(line as Packet<never>))), line);
      }
    });
  }

  it('cuts what is said of an end to what the wire holds', () => {
    const farewell: LinePacket = {
      type: 'farewell',
      farewell: { reason: `\ud800${'x'.repeat(10_000)}`, retryAfterMs: 1e12 },
    };

    const back = controlCodec.decode(Buffer.from(controlCodec.encode(farewell)));

    assert.ok(back.type === 'farewell' && back.farewell.reason.length === 500 && back.farewell.reason.isWellFormed());
    assert.equal(back.farewell.retryAfterMs, 2 ** 31 - 1);
  });

  for (const [name, codec] of Object.entries({ controlCodec, agentSessionCodec, hubSessionCodec })) {
    it(`throws nothing but ProtocolError for any bytes (${name})`, () => {
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 100 }),
        fc.string().map((id) => message({ id })),
        fc.uint8Array({ maxLength: 30 }).map((value) => message({ data: { $case: 'binaryData', value } })),
        fc.json().map((value) => Buffer.from(Frame.encode({ frame: { $case: 'json', value } }).finish())),
        fc
          .tuple(fc.uint8Array({ maxLength: 3 }), fc.nat(200))
          .map(([end, count]) => Buffer.concat([message({}).subarray(0, count), end])),
      );
      fc.assert(
        fc.property(bytes, (data) => {
          try {
            codec.decode(Buffer.from(data));
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error));
          }
        }),
      );
    });
  }
});

describe('grpc wire: the protobuf format of CloudEvents', () => {
  it('has the types that the format wants', () => {
    const bytes = controlCodec.encode({
      type: 'message',
      message: {
        specversion: '1.0',
        id: '1',
        source: 's',
        type: 't',
        time: '2026-01-02T03:04:05.678Z',
        datacontenttype: 'application/json',
        resourceversion: 7,
        originalsource: '',
        data: { a: 'ü' },
      },
    });

    const { attributes: given, data } = EventMessage.decode(bytes);
    assert.deepEqual(Object.fromEntries([...given].map(([name, { attr }]) => [name, attr])), {
      datacontenttype: { $case: 'ceString', value: 'application/json' },
      originalsource: { $case: 'ceString', value: '' },
      time: { $case: 'ceTimestamp', value: { seconds: 1_767_323_045, nanos: 678_000_000 } },
      resourceversion: { $case: 'ceInteger', value: 7 },
    });
    assert.ok(data?.$case === 'binaryData' && Buffer.from(data.value).equals(Buffer.from('{"a":"ü"}')));
  });

  it('is what another implementation of CloudEvents takes for an event', () => {
    const bytes = controlCodec.encode({
      type: 'message',
      message: { specversion: '1.0', id: '1', source: 's', type: 't', resourceid: 'r', data: [1] },
    });

    const { id, source, type, attributes: given } = EventMessage.decode(bytes);
    const extensions = Object.fromEntries([...given].map(([name, { attr }]) => [name, attr?.value]));
    assert.ok(new ForeignEvent({ id, source, type, ...extensions }).validate());
  });

  it('keeps what its types are too small for as text', () => {
    const event: CloudEvent = {
      specversion: '1.0',
      id: '1',
      source: 's',
      type: 't',
      resourceversion: 2 ** 40,
      time: '2026-01-02T03:04:05.6789+02:00',
    };

    const { attributes: given } = EventMessage.decode(controlCodec.encode({ type: 'message', message: event }));
    assert.equal(given.get('resourceversion')?.attr?.$case, 'ceString');
    assert.equal(given.get('time')?.attr?.$case, 'ceString');
    assert.deepEqual(carried(controlCodec, controlCodec, event), event);
  });

  it('reads what others write: text as data, versions as text, times to the nanosecond, URIs', () => {
    const event = eventOf(
      message({
        attributes: attributes({
          datacontenttype: { $case: 'ceString', value: 'application/cloudevents+json; charset=utf-8' },
          resourceversion: { $case: 'ceString', value: '12' },
          time: { $case: 'ceTimestamp', value: { seconds: 1_767_323_045, nanos: 1 } },
          clustername: { $case: 'ceUriRef', value: 'c' },
          unheardof: { $case: 'ceBytes', value: Buffer.from('x') },
        }),
        data: { $case: 'textData', value: '{"a":1}' },
      }),
    );

    assert.deepEqual(event, {
      specversion: '1.0',
      id: '1',
      source: 's',
      type: 't',
      datacontenttype: 'application/cloudevents+json; charset=utf-8',
      resourceversion: 12,
      time: '2026-01-02T03:04:05.000000001Z',
      clustername: 'c',
      data: { a: 1 },
    });
  });

  it('carries text of another content type as text', () => {
    const event: CloudEvent = {
      specversion: '1.0',
      id: '1',
      source: 's',
      type: 't',
      datacontenttype: 'text/plain',
      data: 'plain',
    };

    const { data } = EventMessage.decode(controlCodec.encode({ type: 'message', message: event }));

    assert.deepEqual(data, { $case: 'textData', value: 'plain' });
    assert.deepEqual(carried(controlCodec, controlCodec, event), event);
  });

  const refused: Readonly<Record<string, Buffer>> = {
    'a message as data': message({
      data: { $case: 'protoData', value: { typeUrl: 'x', value: Buffer.alloc(0) } },
    }),
    'data that is no JSON': message({ data: { $case: 'binaryData', value: Buffer.from('{') } }),
    'data with a key that would be a prototype': message({
      data: { $case: 'binaryData', value: Buffer.from('{"__proto__":{}}') },
    }),
    'an attribute without a value': message({ attributes: attributes({ resourceid: undefined }) }),
    'a version that is negative': message({
      attributes: attributes({ resourceversion: { $case: 'ceInteger', value: -1 } }),
    }),
    'a time that no calendar has': message({
      attributes: attributes({ time: { $case: 'ceTimestamp', value: { seconds: 1e15, nanos: 0 } } }),
    }),
    'another version of CloudEvents': message({ specVersion: '0.3' }),
    'an event without a source': message({ source: '' }),
  };
  for (const [what, bytes] of Object.entries(refused)) {
    it(`takes no ${what}`, () => {
      assert.throws(() => controlCodec.decode(bytes), ProtocolError);
    });
  }

  it('lets no attribute stand for a part of the event itself', () => {
    const event = eventOf(
      message({
        attributes: attributes({
          id: { $case: 'ceString', value: 'other' },
          data: { $case: 'ceString', value: 'other' },
          __proto__: { $case: 'ceString', value: 'other' },
        }),
      }),
    );

    assert.deepEqual(event, { specversion: '1.0', id: '1', source: 's', type: 't' });
  });

  it('sends no text that is not Unicode', () => {
    const event: CloudEvent = { specversion: '1.0', id: '\ud800', source: 's', type: 't' };

    assert.throws(() => controlCodec.encode({ type: 'message', message: event }), ProtocolError);
    assert.deepEqual(parseCloudEvent(JSON.stringify(event)), event);
  });
});

describe('grpc wire: frames', () => {
  it('takes a frame that only a later version knows for one', () => {
    assert.deepEqual(hubSessionCodec.decode(Buffer.alloc(0)), {
      type: 'message',
      message: { type: 'unknown', name: 'not in this version' },
    });
  });

  it('refuses log bytes from the hub, log times that are none and offsets beyond 2^53', () => {
    const log = (value: { offset: number; at: number }) =>
      Buffer.from(Frame.encode({ frame: { $case: 'log', value: { ...value, bytes: Buffer.alloc(1) } } }).finish());

    assert.throws(() => agentSessionCodec.decode(log({ offset: 0, at: 0 })), ProtocolError);
    assert.throws(() => hubSessionCodec.decode(log({ offset: 0, at: Number.NaN })), ProtocolError);
    const far = Buffer.concat([Buffer.from([0x12, 10, 0x08]), Buffer.alloc(8, 0xff), Buffer.from([0x7f])]);
    assert.throws(() => hubSessionCodec.decode(far), ProtocolError);
  });
});
