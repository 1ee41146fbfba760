import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../runtime/logger.ts';
import { createVirtualClock } from '../../runtime/virtual-clock.ts';
import { admit } from '../../transports/admit.ts';
import type { Admission } from '../../transports/credential.ts';

const request = { presented: 'agent=a1', target: '/v1/control', certificate: null, remote: '' };
const admitted: Admission<string> = { type: 'admitted', principal: 'a1' };

function createPlace(authenticate: () => Promise<Admission<string>>) {
  const clock = createVirtualClock();
  const admission = admit({ authenticate, clock, logger: silentLogger, timeoutMs: 1_000 }, request);
  return { clock, admission };
}

test('Who cannot be judged in time is refused, and may come back', async () => {
  const { clock, admission } = createPlace(() => new Promise(() => {}));

  await clock.advance(1_000);
  const answer = await admission;

  assert.ok(answer.type === 'refused' && answer.code === 'unavailable');
  assert.ok((answer.retryAfterMs ?? 0) > 0);
  assert.equal(clock.pending, 0);
});

test('Nobody gets in by an error, and nobody by an answer that comes too late', async () => {
  const { admission: failed } = createPlace(() => Promise.reject(new Error('no store')));
  const late = Promise.withResolvers<Admission<string>>();
  const { clock, admission } = createPlace(() => late.promise);

  await clock.advance(1_000);
  late.resolve(admitted);

  assert.deepEqual([(await failed).type, (await admission).type], ['refused', 'refused']);
});

test('Who is judged in time is answered so, and nothing is left waiting', async () => {
  const { clock, admission } = createPlace(async () => admitted);

  assert.deepEqual(await admission, admitted);
  assert.equal(clock.pending, 0);
});
