import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SilentSessions } from '../../../hub/sessions/silent-sessions.ts';

it('A session counts as silent until something is served on it, and is taken off once, however often that is said', () => {
  const sessions = new SilentSessions();
  const entered = Array.from({ length: 512 }, () => sessions.enter('a1'));
  const atMost = sessions.hasRoom('a1');

  for (let time = 0; time < 3; time += 1) entered[0]?.[Symbol.dispose]();
  const withOneLess = sessions.hasRoom('a1');
  sessions.enter('a1');

  assert.deepEqual([atMost, withOneLess, sessions.hasRoom('a1')], [false, true, false]);
});
