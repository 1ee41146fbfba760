import assert from 'node:assert/strict';
import { it } from 'node:test';
import { OfferTimeouts, offerTimeoutMs } from '../../../hub/scheduler/offer-timeouts.ts';
import type { AttemptRecord } from '../../../hub/store/records.ts';
import { createLoopBoard } from '../../../runtime/loop-board.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';

const attempt = { id: 'a', state: 'offered' } as AttemptRecord;

function createPlace() {
  const clock = createVirtualClock();
  const over: string[] = [];
  const onTimeout = ({ id }: AttemptRecord) => void over.push(id);
  return { clock, over, timeouts: new OfferTimeouts({ clock, loops: createLoopBoard(clock), onTimeout }) };
}

it('An offer that nobody answers is over once, however often it was told of', async () => {
  const { clock, over, timeouts } = createPlace();
  using _ = timeouts;
  timeouts.attemptChanged(attempt);
  await clock.advance(offerTimeoutMs / 2);
  timeouts.attemptChanged(attempt);
  timeouts.attemptChanged({ ...attempt, id: 'answered' });
  timeouts.attemptChanged({ ...attempt, id: 'answered', state: 'running' });

  await clock.advance(offerTimeoutMs * 2);

  assert.deepEqual(over, ['a']);
  assert.equal(clock.pending, 0);
});

it('Offers are over no more once nobody waits for that', () => {
  const { clock, timeouts } = createPlace();
  timeouts.attemptChanged(attempt);

  timeouts[Symbol.dispose]();

  assert.equal(clock.pending, 0);
});
