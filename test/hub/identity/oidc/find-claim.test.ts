import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findClaim } from '../../../../hub/identity/oidc/find-claim.ts';

describe('a claim', () => {
  it('is found by its name, or by a JSON pointer with its two escapes', () => {
    const claims = { groups: ['a'], 'a/b': { '~1': 'deep' }, 'x.y': 1 };

    assert.deepEqual(findClaim(claims, 'groups'), ['a']);
    assert.equal(findClaim(claims, 'x.y'), 1);
    assert.equal(findClaim(claims, '/a~1b/~01'), 'deep');
    assert.equal(findClaim(claims, '/groups/0'), 'a');
  });

  it('is none where there is nothing of that name in the token itself', () => {
    for (const name of ['', 'a', 'toString', '__proto__', '/groups/map', '/a/b'])
      assert.equal(findClaim({ groups: ['a'] }, name), undefined, name);
  });
});
