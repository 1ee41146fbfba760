import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EventPlaces } from '../../../hub/api/event-places.ts';
import { createSecretKey } from '../../../hub/identity/secret-key.ts';

const places = new EventPlaces(createSecretKey(new Uint8Array(32).fill(1)));
const otherHub = new EventPlaces(createSecretKey(new Uint8Array(32).fill(2)));

describe('a place in the audit', () => {
  it('is read as it was told, by the account that it was told to, on the hub that told it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (sequence) => {
        const id = places.toId('acme', sequence);

        assert.match(id, /^[\w-]{22}$/);
        assert.equal(places.fromId('acme', id), sequence);
        assert.equal(places.fromId('rival', id), null);
        assert.equal(otherHub.fromId('acme', id), null);
      }),
    );
  });

  it('does not show how far apart two events are', () => {
    const ids = [1, 2, 3, 1000].map((sequence) => places.toId('acme', sequence));

    for (const id of ids)
      assert.ok(
        ids.every((one) => one === id || one.slice(0, 4) !== id.slice(0, 4)),
        ids.join(' '),
      );
  });

  it('is nothing else than what was told', () => {
    for (const text of ['', '0', '17', 'x'.repeat(22), 'x'.repeat(23), places.toId('acme', 1).slice(1)])
      assert.equal(places.fromId('acme', text), null, text);
  });
});
