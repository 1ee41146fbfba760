import fc from 'fast-check';
import type { CloudEvent } from '../../protocol/cloud-event.ts';
import type { AgentFrame, HubFrame } from '../../protocol/session-frame.ts';

const text = fc.string({ unit: 'binary', maxLength: 50 });
const attribute = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 });

/** As `JSON.parse` makes them: with a prototype. */
function object<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

/** JSON has no -0, and here no key `__proto__`. */
const json = fc
  .jsonValue()
  .map((value) => JSON.stringify(value))
  .filter((written) => !written.includes('__proto__'))
  .map((written): unknown => JSON.parse(written));

const time = fc.oneof(
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }).map((date) => date.toISOString()),
  fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.6+02:00', '1969-12-31T23:59:59.999Z'),
);

export const events = fc.record(
  {
    specversion: fc.constant('1.0' as const),
    id: attribute,
    source: attribute,
    type: attribute,
    time,
    datacontenttype: fc.oneof(fc.constantFrom('application/json', 'text/plain', 'application/x+json; a=b'), text),
    data: json,
    clustername: text,
    originalsource: text,
    resourceid: text,
    resourceversion: fc.oneof(fc.nat(), fc.maxSafeNat()),
    deletiontimestamp: time,
    sequenceid: fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }).map(String),
    statushash: text,
    traceparent: text,
  },
  { requiredKeys: ['specversion', 'id', 'source', 'type'], noNullPrototype: true },
) as fc.Arbitrary<CloudEvent>;

/** No time is -0, and the wire leaves out every zero. */
const finite = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((number) => (Object.is(number, -0) ? 0 : number));

const logFrames = object({
  type: fc.constant('log' as const),
  offset: fc.maxSafeNat(),
  at: finite,
  bytes: fc.uint8Array({ maxLength: 2_000 }),
});

export const agentFrames: fc.Arbitrary<AgentFrame> = fc.oneof(
  logFrames,
  object({
    type: fc.constant('progress' as const),
    percent: fc.option(fc.integer({ min: 0, max: 100 })),
    message: fc.option(text),
    outputs: fc.constant(null),
  }),
);

export const hubFrames: fc.Arbitrary<HubFrame> = fc.oneof(
  object({ type: fc.constantFrom('ack' as const, 'rewind' as const), offset: fc.maxSafeNat() }),
  fc.constant({ type: 'accepted' as const }),
  object({
    type: fc.constant('error' as const),
    code: fc.constantFrom('overloaded' as const, 'unknown-attempt' as const),
    message: text,
    retryAfterMs: fc.option(fc.nat()),
  }),
);
