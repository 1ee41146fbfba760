import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { MaskedStream } from '../../../agent/attempts/masked-stream.ts';
import { Moments } from '../../../agent/attempts/moments.ts';
import { mask } from '../../../agent/masking/mask.ts';
import { createMasker } from '../../../agent/masking/masker.ts';

const secret = 'abcabd';

function openStream(
  raw: Buffer,
  secrets: Readonly<Record<string, string>>,
): { stream: MaskedStream; moments: Moments } {
  const moments = new Moments();
  const readRaw = async (position: number, buffer: Uint8Array) => raw.copy(buffer, 0, position);
  const identity = Object.keys(secrets).length === 0;
  const stream = new MaskedStream({ readRaw, moments, masking: { create: () => createMasker(secrets), identity } });
  return { stream, moments };
}

/** Steps of a life: the file grows, somebody reads, somebody goes back. */
const steps = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('grow' as const), by: fc.nat(40) }),
    fc.record({ type: fc.constant('read' as const), max: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ type: fc.constant('seek' as const), to: fc.nat(200) }),
  ),
  { maxLength: 60, size: 'max' },
);

test('Whatever grows, reads and goes back in between, a stream is the mask of the whole file, and so is its digest', async () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', secret, secret.slice(0, 4)), {
    maxLength: 60,
    size: 'max',
  });

  await fc.assert(
    fc.asyncProperty(text, steps, fc.boolean(), async (words, life, hasSecret) => {
      const raw = Buffer.from(words.join(''));
      const secrets = hasSecret ? { word: secret } : {};
      const expected = Buffer.from(mask(raw, secrets));
      const { stream, moments } = openStream(raw, secrets);
      const seen = Buffer.alloc(expected.length, '?');
      let length = 0;
      let now = 0;
      const take = async (max: number) => {
        const piece = await stream.read(max);
        piece?.bytes.forEach((byte, index) => {
          seen[piece.offset + index] = byte;
        });
        return piece;
      };

      for (const step of life) {
        if (step.type === 'grow') moments.note((length = Math.min(raw.length, length + step.by)), (now += 70));
        else if (step.type === 'read') await take(step.max);
        else stream.seek(step.to);
      }
      moments.note(raw.length, now);
      stream.freeze(raw.length);
      const cut = Math.floor(raw.length / 2);
      assert.equal(await stream.offsetOf(cut), mask(raw.subarray(0, cut), secrets).length);
      const summarized = stream.summarize();
      stream.seek(0);
      while ((await take(64)) !== null);
      const summary = await summarized;

      assert.equal(seen.toString(), expected.toString());
      assert.ok(stream.ended);
      assert.deepEqual(summary, {
        bytes: expected.length,
        sha256: createHash('sha256').update(expected).digest('hex'),
      });
    }),
    { numRuns: 500 },
  );
});

test('One that goes back while bytes are being read begins where it went', async () => {
  for (const secrets of [{}, { word: secret }]) {
    const raw = Buffer.from('0123456789');
    const { stream, moments } = openStream(raw, secrets);
    moments.note(raw.length, 1);
    await stream.read(4);

    const reading = stream.read(4);
    stream.seek(0);

    const piece = await reading;
    assert.deepEqual([piece?.offset, Buffer.from(piece?.bytes ?? []).toString()], [0, '0123']);
  }
});

test('What may be the beginning of a secret waits until it is decided, or the stream is frozen', async () => {
  const raw = Buffer.from('xxabca');
  const { stream, moments } = openStream(raw, { word: secret });
  moments.note(raw.length, 1);

  const first = await stream.read(100);
  const held = await stream.read(100);
  stream.freeze(raw.length);
  const last = await stream.read(100);

  assert.deepEqual([first?.offset, Buffer.from(first?.bytes ?? []).toString()], [0, 'xx']);
  assert.equal(held, null);
  assert.deepEqual([last?.offset, Buffer.from(last?.bytes ?? []).toString()], [2, 'abca']);
});

test('What a masker keeps of one moment comes with the next, and nobody has to ask twice', async () => {
  const raw = Buffer.from('abcx');
  const { stream, moments } = openStream(raw, { word: secret });
  moments.note(3, 1_000);
  moments.note(4, 2_000);

  const piece = await stream.read(100);

  assert.equal(Buffer.from(piece?.bytes ?? []).toString(), 'abcx');
});

test('What a file holds again that was cut and grew is read from where it was cut', async () => {
  let raw = Buffer.from('01234');
  const moments = new Moments();
  const readRaw = async (position: number, buffer: Uint8Array) => raw.copy(buffer, 0, position);
  const stream = new MaskedStream({ readRaw, moments, masking: { create: () => createMasker({}), identity: true } });
  moments.note(10, 1);

  const before = await stream.read(100);
  assert.equal(await stream.read(100), null);
  raw = Buffer.from('0123456789');
  const later = await stream.read(100);

  assert.deepEqual([before?.bytes.length, later?.offset], [5, 5]);
  assert.equal(Buffer.from(later?.bytes ?? []).toString(), '56789');
});

test('Bytes behind the seal are not in the stream', async () => {
  const { stream, moments } = openStream(Buffer.from('sealed and late'), {});
  moments.note(15, 1);
  stream.freeze(6);

  const piece = await stream.read(100);

  assert.equal(Buffer.from(piece?.bytes ?? []).toString(), 'sealed');
  assert.equal(await stream.read(100), null);
});

test('A file that somebody cut ends where it ends now', async () => {
  const { stream, moments } = openStream(Buffer.from('short'), {});
  moments.note(100, 1);
  stream.freeze(100);

  const piece = await stream.read(1_000);
  const nothing = await stream.read(1_000);
  const summary = await stream.summarize();

  assert.deepEqual([piece?.bytes.length, nothing, stream.ended, summary.bytes], [5, null, true, 5]);
});

test('A stream that is frozen while somebody waits for more goes on to its end', async () => {
  const raw = Buffer.from('first and last');
  const { stream, moments } = openStream(raw, {});
  moments.note(5, 1);
  await stream.read(100);

  const waiting = stream.read(100);
  moments.note(raw.length, 2);
  stream.freeze(raw.length);
  const pieces = [await waiting, await stream.read(100)];

  assert.equal(Buffer.concat(pieces.map((piece) => piece?.bytes ?? Buffer.alloc(0))).toString(), ' and last');
});
