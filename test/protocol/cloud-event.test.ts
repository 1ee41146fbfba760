import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HTTP, CloudEvent as OracleEvent } from 'cloudevents';
import fc from 'fast-check';
import { parseCloudEvent } from '../../protocol/cloud-event.ts';
import type { JsonValue } from '../../protocol/json.ts';
import { anyJson } from './schema-arbitrary.ts';

const text = fc.string({ minLength: 1, maxLength: 40 });

/** Events as both sides can write them: the library wants attributes that are not empty, and data that is there. */
const event = fc
  .record(
    {
      id: text,
      source: fc.stringMatching(/^[a-z0-9/-]{1,20}$/),
      type: fc.stringMatching(/^[a-z0-9.]{1,40}$/),
      time: fc
        .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      datacontenttype: fc.constant('application/json'),
      data: anyJson.filter((value) => typeof value === 'object' && value !== null),
      clustername: text,
      originalsource: text,
      resourceid: fc.uuid(),
      resourceversion: fc.integer({ min: 0, max: 2_147_483_647 }),
      deletiontimestamp: fc.constant('2026-07-30T12:00:00Z'),
      sequenceid: fc.stringMatching(/^[0-9]{1,20}$/),
      statushash: text,
      traceparent: text,
    },
    { requiredKeys: ['id', 'source', 'type', 'time', 'datacontenttype', 'data'], noNullPrototype: true },
  )
  .map((attributes) => ({ specversion: '1.0' as const, ...attributes }));

suite('CloudEvent', () => {
  test('reads what the cloudevents library writes', () => {
    fc.assert(
      fc.property(event, (attributes) => {
        const { body } = HTTP.structured(new OracleEvent<JsonValue>(attributes));

        assert.deepEqual(parseCloudEvent(String(body)), attributes);
      }),
    );
  });

  test('writes what the cloudevents library reads', () => {
    fc.assert(
      fc.property(event, (attributes) => {
        const body = JSON.stringify(parseCloudEvent(JSON.stringify(attributes)));
        const headers = { 'content-type': 'application/cloudevents+json' };

        const read = HTTP.toEvent<JsonValue>({ headers, body });

        assert.ok(!Array.isArray(read));
        assert.deepEqual(JSON.parse(JSON.stringify(read)), attributes);
      }),
    );
  });

  test('refuses what the library refuses: a missing attribute or another version', () => {
    const whole = { specversion: '1.0', id: 'a', source: 'b', type: 'c' };
    for (const key of ['specversion', 'id', 'source', 'type'] as const) {
      const { [key]: _, ...rest } = whole;
      assert.throws(() => parseCloudEvent(JSON.stringify(rest)), { code: 'invalid' });
    }
    assert.throws(() => parseCloudEvent(JSON.stringify({ ...whole, specversion: '0.3' })), { code: 'invalid' });
  });

  test('takes a resource version as a number or as text, and drops what nobody uses', () => {
    const read = parseCloudEvent(
      '{"specversion":"1.0","id":"a","source":"b","type":"c","resourceversion":"12","foo":"x"}',
    );

    assert.deepEqual(read, { specversion: '1.0', id: 'a', source: 'b', type: 'c', resourceversion: 12 });
  });
});
