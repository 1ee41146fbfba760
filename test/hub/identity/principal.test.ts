import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mayActFor, type Principal, toActor } from '../../../hub/identity/principal.ts';

const token = (account: string, role: Principal['role']): Principal => ({
  type: 'token',
  tokenId: 't1',
  account,
  role,
});

it('Only an administrator of the hub itself acts for another account', () => {
  const callers = [
    token('red', 'viewer'),
    token('red', 'admin'),
    token('default', 'operator'),
    token('default', 'admin'),
  ];

  const mayForRed = callers.map((caller) => mayActFor(caller, 'red'));
  const mayForBlue = callers.map((caller) => mayActFor(caller, 'blue'));

  assert.deepEqual(mayForRed, [true, true, false, true]);
  assert.deepEqual(mayForBlue, [false, false, false, true]);
});

it('A caller is named by the token, or by the issuer and its word for the user', () => {
  const user = { type: 'user', issuer: 'id.example', subject: 'ada', account: 'red', role: 'viewer' } as const;

  assert.deepEqual([toActor(token('red', 'admin')), toActor(user)], ['token:t1', 'user:id.example/ada']);
});
