import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitSessions } from '../../../hub/sessions/admit-sessions.ts';
import type { Admission } from '../../../transports/credential.ts';
import { controlTarget, sessionTarget } from '../../../transports/targets.ts';

const attempt = '11111111-1111-4111-8111-111111111111';
const principal = { id: 'a1', account: 'default', name: 'a1' };
const admitted: Admission<typeof principal> = { type: 'admitted', principal };
const refused: Admission<typeof principal> = {
  type: 'refused',
  code: 'unauthorized',
  message: 'no',
  retryAfterMs: null,
};

function ask(
  target: string,
  { answer = admitted, room }: { readonly answer?: typeof admitted; readonly room: boolean },
) {
  const admit = admitSessions(async () => answer, { hasRoom: () => room });
  return admit({ presented: null, target, remote: '', certificate: null });
}

describe('the door for sessions', () => {
  it('sends an agent away for a while that has too many on which it opened nothing', async () => {
    const full = await ask(sessionTarget(attempt), { room: false });
    const free = await ask(sessionTarget(attempt), { room: true });

    assert.ok(full.type === 'refused' && full.code === 'unavailable' && full.retryAfterMs === 5_000);
    assert.equal(free, admitted);
  });

  it('is not the door for control channels, and tells nobody of it who is not let in anyway', async () => {
    const control = await ask(controlTarget, { room: false });
    const stranger = await ask(sessionTarget(attempt), { room: false, answer: refused });

    assert.equal(control, admitted);
    assert.equal(stranger, refused);
  });
});
