import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFacts } from '../../../agent/probes/read-facts.ts';
import { maxFactsBytes } from '../../../protocol/facts.ts';
import { defaultLimits } from '../../../transports/limits.ts';

function read(output: string | Buffer) {
  return readFacts(Buffer.from(output), null);
}

describe('facts', () => {
  test('are the one JSON object that a probe printed, whatever its keys are', () => {
    assert.deepEqual(read('{}'), { ok: true, facts: {} });
    assert.deepEqual(read('\n {"constructor": {"é \u{1F512}": [null, 1e3]}} \n'), {
      ok: true,
      facts: { constructor: { 'é \u{1F512}': [null, 1000] } },
    });
  });

  for (const [what, output, pattern] of [
    ['nothing', '', /on standard output, got nothing$/],
    ['text', 'usage: facts', /on standard output, got "usage: facts"$/],
    ['a list', '[{}]', /expected a JSON object/],
    ['a number', '42', /expected a JSON object/],
    ['two objects', '{}\n{}', /expected one JSON object/],
    ['NaN', '{"a": NaN}', /expected one JSON object/],
    ['a number that is too large for JSON', '{"a": 1e999}', /\/a: expected JSON, got Infinity/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /in UTF-8/],
    ['a key that sets a prototype', '{"a": {"__proto__": 1}}', /__proto__/],
    ['levels without end', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`, /at most 100 levels/],
  ] as const) {
    test(`are not ${what}`, () => {
      const answer = read(output as Buffer);

      assert.equal(answer.ok, false);
      assert.match(answer.ok ? '' : answer.message, pattern);
    });
  }

  test('are bounded in the bytes that travel, not in those that were printed', () => {
    const numbers = `{"a":[${Array.from({ length: 20_000 }, () => '1e20').join(',')}]}`;

    const answer = read(numbers);

    assert.ok(numbers.length < maxFactsBytes);
    assert.deepEqual(answer, { ok: false, message: `expected at most ${maxFactsBytes} bytes of facts, got 440007` });
  });

  test('fit into one message of a control channel, with room to spare', () => {
    assert.ok(maxFactsBytes * 2 < defaultLimits.maxMessageBytes);
  });
});
