import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSecretBox } from '../../../hub/identity/secret-box.ts';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';
import { systemRandom } from '../../../runtime/random.ts';

const key = createSecretKey(new Uint8Array(32).fill(1));
/** No document may have a key `__proto__`: the API refuses it. */
const secretName = fc.stringMatching(/^[A-Za-z_ ]{1,20}$/).filter((name) => name !== '__proto__');
const invalid = { name: 'IdentityError', code: 'sealed-invalid' };

describe('a secret box', () => {
  it('gives secrets back as they were', () => {
    const box = createSecretBox(key, systemRandom);

    fc.assert(
      fc.property(fc.dictionary(secretName, fc.string({ unit: 'binary' })), (secrets) => {
        assert.deepEqual(box.open('job', box.seal('job', secrets)), { ...secrets });
      }),
    );
    assert.equal(box.seal('job', {}), null);
    assert.deepEqual(box.open('job', null), {});
  });

  it('opens for no other job, with no other key, and after no change', () => {
    const box = createSecretBox(key, systemRandom);
    const sealed = box.seal('job', { password: 'hunter2' });
    assert.ok(sealed !== null);

    assert.throws(() => box.open('other', sealed), invalid);
    assert.throws(
      () => createSecretBox(createSecretKey(new Uint8Array(32)), systemRandom).open('job', sealed),
      invalid,
    );
    for (let index = 0; index < sealed.length; index++) {
      const changed = Uint8Array.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      assert.throws(() => box.open('job', changed), invalid);
    }
    for (const length of [0, 1, 28, sealed.length - 1]) {
      assert.throws(() => box.open('job', sealed.subarray(0, length)), invalid);
    }
  });

  it('never seals twice alike, and says nothing of what it could not open', () => {
    const box = createSecretBox(key, systemRandom);

    const [first, second] = [box.seal('job', { a: 'hunter2' }), box.seal('job', { a: 'hunter2' })];

    assert.notDeepEqual(first, second);
    assert.doesNotMatch(Buffer.from(first ?? []).toString('latin1'), /hunter2/);
    assert.throws(
      () => box.open('other', first),
      (error: Error) => !error.message.includes('hunter2') && error.cause === undefined,
    );
  });
});
