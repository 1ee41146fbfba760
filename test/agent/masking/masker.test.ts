import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { mask } from '../../../agent/masking/mask.ts';
import { createMasker } from '../../../agent/masking/masker.ts';
import { toNeedles } from '../../../agent/masking/needles.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { referenceMask } from './reference-mask.ts';

checkLeaks();

/** Few letters, so that needles overlap, repeat and contain each other. */
const smallText = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '*', 'é'), minLength: 1, maxLength: 9 });
const anyText = fc.oneof(smallText, fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }));
const someSecrets = fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), anyText, { maxKeys: 4 });

/** Secrets and an output that is made of their needles, of pieces of them, and of other bytes. */
const situation = someSecrets.chain((secrets) => {
  const needles = toNeedles(secrets);
  const noise = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes));
  const letters = smallText.map((text) => Buffer.from(text));
  const piece =
    needles.length === 0
      ? fc.oneof(noise, letters)
      : fc.oneof(
          noise,
          letters,
          fc.constantFrom(...needles),
          fc
            .tuple(fc.constantFrom(...needles), fc.nat(), fc.nat())
            .map(([needle, from, to]) => needle.subarray(from % needle.length, to % (needle.length + 1))),
        );
  return fc.record({
    secrets: fc.constant(secrets),
    raw: fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.concat(pieces)),
    cuts: fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 40 }),
  });
});

/** Pushes `raw` in pieces of the given lengths, taken round and round; reuses the input buffer like a reader would. */
function maskInPieces(raw: Buffer, secrets: Readonly<Record<string, string>>, lengths: readonly number[]): Buffer {
  const masker = createMasker(secrets);
  const stream: Buffer[] = [];
  const buffer = Buffer.alloc(64);
  for (let at = 0, turn = 0; at < raw.length; turn++) {
    const length = turn % 50 === 49 ? 1 : (lengths[turn % lengths.length] ?? 1);
    const copied = raw.copy(buffer, 0, at, at + length);
    stream.push(Buffer.from(masker.push(buffer.subarray(0, copied))));
    at += copied;
    assert.equal(masker.rawBytes, at);
  }
  stream.push(Buffer.from(masker.end()));
  const whole = Buffer.concat(stream);
  assert.equal(masker.streamBytes, whole.length);
  return whole;
}

suite('masker', () => {
  test('gives what the definition says, however the bytes are cut', () => {
    fc.assert(
      fc.property(situation, ({ secrets, raw, cuts }) => {
        const expected = referenceMask(raw, secrets);

        assert.deepEqual(Buffer.from(mask(raw, secrets)), expected);
        assert.deepEqual(maskInPieces(raw, secrets, cuts), expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('leaves no needle in the stream, but for what the stars make', () => {
    fc.assert(
      fc.property(situation, ({ secrets, raw }) => {
        const parts = Buffer.from(mask(raw, secrets)).toString('latin1').split('***');

        for (const needle of toNeedles(secrets)) {
          const text = needle.toString('latin1');
          if (!text.includes('*')) assert.ok(parts.every((part) => !part.includes(text)));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('holds back nothing but a possible beginning of a secret', () => {
    const masker = createMasker({ password: 'open sesame' });

    assert.equal(Buffer.from(masker.push(Buffer.from('say o'))).toString(), 'say ');
    assert.equal(Buffer.from(masker.push(Buffer.from('h, open s'))).toString(), 'oh, ');
    assert.equal(Buffer.from(masker.push(Buffer.from('esame'))).toString(), '***');
    assert.equal(Buffer.from(masker.push(Buffer.from('!'))).toString(), '!');
    assert.equal(masker.end().length, 0);
  });

  test('shows the stars as soon as the first line of a longer secret is there', () => {
    const masker = createMasker({ key: 'first line\nsecond line\n' });

    assert.equal(Buffer.from(masker.push(Buffer.from('> first line'))).toString(), '> ***');
    assert.equal(masker.push(Buffer.from('\nsecond')).length, 0);
    assert.equal(Buffer.from(masker.push(Buffer.from(' try'))).toString(), '\nsecond try');
  });

  test('writes occurrences that touch or overlap as one', () => {
    assert.equal(
      Buffer.from(mask(Buffer.from('abcabc abcdef bcdefg'), { a: 'abc', b: 'bcdef' })).toString(),
      '*** *** ***g',
    );
  });

  test('copies nothing without secrets, nor where a piece holds none', () => {
    const bytes = Buffer.from('nothing to hide');

    assert.equal(createMasker({}).push(bytes), bytes);
    assert.equal(createMasker({ password: 'hunter22' }).push(bytes).buffer, bytes.buffer);
  });

  test('takes nothing after the end', () => {
    for (const secrets of [{}, { password: 'hunter2' }]) {
      const masker = createMasker(secrets);
      masker.end();

      assert.throws(() => masker.push(Buffer.from('x')), /after the end/);
    }
  });

  test('masks a secret of 100 KB that comes byte by byte, and the false start before it', () => {
    const key = Array.from({ length: 2_000 }, (_, line) =>
      createHash('sha256').update(`${line}`).digest('base64'),
    ).join('\n');
    const raw = Buffer.from(`${key.slice(0, 50_000)}\n<${key}>${Buffer.from(key).toString('base64')}.`);

    const stream = maskInPieces(raw, { key }, [1]);

    assert.deepEqual(stream, Buffer.from(mask(raw, { key })));
    assert.match(stream.toString(), /<\*\*\*>\*\*\*\.$/);
  });

  test('stays linear where the secret repeats itself', () => {
    const secret = `${'a'.repeat(100_000)}b`;
    const raw = Buffer.from(`${'a'.repeat(300_000)}${secret}`);

    assert.equal(Buffer.from(maskInPieces(raw, { secret }, [64])).toString(), `${'a'.repeat(300_000)}***`);
  });
});
