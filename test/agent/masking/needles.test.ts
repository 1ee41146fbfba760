import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { mask } from '../../../agent/masking/mask.ts';
import { toNeedles } from '../../../agent/masking/needles.ts';
import { createTextMask } from '../../../agent/masking/text-mask.ts';

const secret = 'pä$$ "w0rd"/<&>\n?';

function masked(text: string, value = secret): string {
  return createTextMask({ value })(text);
}

suite('needles', () => {
  test('hide a value as it is', () => {
    assert.equal(masked(`a ${secret} b`), 'a *** b');
  });

  test('hide a value in base64 on its own, in both alphabets, padded or not', () => {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.from(secret).toString(encoding);
      assert.equal(masked(`<${text}>`), '<***>');
      assert.equal(masked(`<${text.replace(/=+$/, '')}>`), '<***>');
    }
  });

  test('hide a value inside longer base64, wherever it begins: of each end at most a few bits are left', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 7 }), fc.string({ maxLength: 7 }), (before, after) => {
        const encoded = Buffer.from(before + secret + after).toString('base64');
        const from = Math.ceil((Buffer.byteLength(before) * 8) / 6);
        const to = Math.floor((Buffer.byteLength(before + secret) * 8) / 6);

        const stream = masked(`<${encoded}>`);

        assert.ok(stream.includes('***'));
        assert.ok(!stream.includes(encoded.slice(from, to)));
        assert.ok(stream.length <= encoded.length - (to - from) + '<***>'.length);
      }),
    );
  });

  test('hide base64 that a tool wrapped into lines', () => {
    const long = 'an even longer secret, '.repeat(10);
    for (const column of [64, 76]) {
      const lines = Buffer.from(long)
        .toString('base64')
        .replace(new RegExp(`(.{${column}})`, 'g'), '$1\n');
      assert.match(masked(lines, long), /^(\*\*\*\n)*\*\*\*$/);
    }
  });

  test('hide a value in URLs and forms', () => {
    const forms = [
      encodeURIComponent(secret),
      encodeURIComponent(secret).toLowerCase(),
      new URLSearchParams({ a: secret }).toString().slice(2),
      encodeURIComponent(secret).replaceAll('%20', '+'),
      encodeURIComponent(secret).replaceAll('%2F', '/'),
    ];
    for (const form of forms) assert.equal(masked(`?a=${form}&b`), '?a=***&b');
  });

  test('hide a value in JSON, by every habit of escaping', () => {
    const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    const plain = JSON.stringify({ a: secret });
    const forms = [
      plain,
      plain.replace(/[^\0-\x7f]/g, escapeUnit),
      plain.replace(/[<>&]/g, escapeUnit),
      plain.replaceAll('/', '\\/'),
    ];
    for (const form of forms) assert.equal(masked(form), '{"a":"***"}');
  });

  test('hide each line of a secret with several, without the blanks around it', () => {
    const value = 'user: ada\r\n  password: hunter2  \nend\n';

    assert.equal(masked('got password: hunter2 of user: ada, end', value), 'got *** of ***, end');
    assert.equal(masked(JSON.stringify('password: hunter2'), value), '"***"');
  });

  test('hide a value without the line end that its file had', () => {
    assert.equal(masked('the abc', 'abc\n'), 'the ***');
  });

  test('leave values under 3 bytes alone, and lines and encodings under 4', () => {
    assert.deepEqual(toNeedles({ empty: '', short: 'ab' }), []);
    assert.equal(masked('ab YWI= abc', 'ab'), 'ab YWI= abc');
    assert.equal(masked('abc', 'abc'), '***');
    assert.equal(masked('xyz', 'one line\nxyz'), 'xyz');
  });

  test('hide what the program gets of a text that is not well-formed Unicode', () => {
    assert.equal(Buffer.from(mask(Buffer.from('\ud800abc'), { value: '\ud800abc' })).toString(), '***');
  });
});
