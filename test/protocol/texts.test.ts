import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { actions, formatEventType, parseEventType } from '../../protocol/event-type.ts';
import { parseLabelSelector, type Requirement, selects } from '../../protocol/label-selector.ts';
import { LabelKey, Labels, LabelValue } from '../../protocol/labels.ts';
import { parse } from '../../protocol/parse.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { toSelectorText } from '../../protocol/selector-text.ts';

const word = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
const key = fc.oneof(
  word,
  fc.tuple(fc.stringMatching(/^[a-z0-9]{1,5}(\.[a-z]{1,3})?$/), word).map((parts) => parts.join('/')),
);
const value = fc.oneof(fc.constant(''), word);

const options = { noNullPrototype: true } as const;

const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom('in' as const, 'not-in' as const),
      key,
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
    },
    options,
  ),
  fc.record({ type: fc.constantFrom('exists' as const, 'absent' as const), key }, options),
);

function format(one: Requirement, spaced: boolean): string {
  if (one.type === 'exists') return one.key;
  if (one.type === 'absent') return spaced ? `! ${one.key}` : `!${one.key}`;
  const [only] = one.values;
  const equality = one.type === 'in' ? '=' : '!=';
  if (one.values.length === 1 && spaced) return `${one.key} ${equality} ${only}`;
  if (one.values.length === 1) return `${one.key}${equality}${only}`;
  return `${one.key} ${one.type === 'in' ? 'in' : 'notin'} (${one.values.join(spaced ? ' , ' : ',')})`;
}

/** Text near the syntax, so that more than the first character is judged. */
const selectorText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom('a', 'site', ' in ', ' notin ', '(', ')', ',', '=', '==', '!', '!=', ' ', '__proto__', '\n', 'ü'),
    )
    .map((parts) => parts.join('')),
);

function attempt(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
}

suite('label selector', () => {
  test('reads what was written', () => {
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), fc.boolean(), (selector, spaced) => {
        const text = selector.map((one) => format(one, spaced)).join(spaced ? ' , ' : ',');
        assert.deepEqual(parseLabelSelector(text), selector);
      }),
    );
  });

  test('is written so that it is read as the same', () => {
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), (selector) => {
        assert.deepEqual(parseLabelSelector(toSelectorText(selector)), selector);
      }),
    );
  });

  test('gives requirements or a ProtocolError for any text, and can be asked about any labels', () => {
    fc.assert(
      fc.property(selectorText, fc.dictionary(key, value), (text, labels) => {
        attempt(() => selects(parseLabelSelector(text), labels));
      }),
      { numRuns: 2000 },
    );
  });

  test('sees no labels but its own: nothing is inherited', () => {
    assert.equal(selects(parseLabelSelector('constructor'), {}), false);
    assert.equal(selects(parseLabelSelector('!toString'), {}), true);
  });

  test('judges the longest text at once', () => {
    for (const text of [
      `${'a '.repeat(2040)}(`,
      '('.repeat(4096),
      `a in (${','.repeat(4000)}`,
      `a${' '.repeat(4000)}b`,
    ]) {
      attempt(() => parseLabelSelector(text));
    }
    assert.throws(() => parseLabelSelector('a'.repeat(4097)), { code: 'too-large' });
  });
});

suite('labels', () => {
  test('take what Kubernetes takes', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), (labels) =>
        assert.deepEqual(parse(Labels, labels, 'labels'), { ...labels }),
      ),
    );
  });

  test('refuse other keys and values, __proto__ among them, and say which', () => {
    for (const text of [
      '{"":"x"}',
      '{"a b":"x"}',
      '{"A/a":"x"}',
      '{"a/b/c":"x"}',
      '{"a":"-x"}',
      '{"a":1}',
      '{"__proto__":"x"}',
    ]) {
      const labels: unknown = JSON.parse(text);
      const [name = ''] = Object.keys(labels as object);
      assert.throws(
        () => parse(Labels, labels, 'labels'),
        (error) => {
          assert.ok(error instanceof ProtocolError);
          assert.equal(error.issues[0]?.pointer, `/${name.replaceAll('/', '~1')}`);
          return true;
        },
      );
    }
  });

  test('are judged in time linear in their length', () => {
    const long = `${'a-'.repeat(100_000)}!`;

    assert.equal(LabelKey.safeParse(long).success, false);
    assert.equal(LabelValue.safeParse(long).success, false);
    assert.equal(LabelKey.safeParse(`${'a.'.repeat(150)}!`).success, false);
  });
});

suite('event type', () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,6}$/);
  const type = fc.record(
    {
      resource: fc
        .array(part, { minLength: 3, maxLength: 6 })
        .map((parts) => parts.join('.') as `${string}.${string}.${string}`),
      part: fc.constantFrom('spec' as const, 'status' as const),
      action: fc.constantFrom(...actions),
    },
    options,
  );

  test('reads what was written', () => {
    fc.assert(fc.property(type, (value) => assert.deepEqual(parseEventType(formatEventType(value)), value)));
  });

  test('gives a type or a ProtocolError for any text, and what it takes it writes the same', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(part, fc.constantFrom('spec', 'status', '', ...actions))).map((parts) => parts.join('.')),
    );

    fc.assert(fc.property(text, (value) => attempt(() => assert.equal(formatEventType(parseEventType(value)), value))));
  });
});
