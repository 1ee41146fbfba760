import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMailbox } from '../../../agent/attempts/mailbox.ts';
import { NotNow } from '../../../agent/executors/not-now.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { createVirtualClock } from '../../../runtime/virtual-clock.ts';
import { turn } from '../../support/turns.ts';

test('Steps run one at a time, in the order they were posted', async () => {
  const mailbox = createMailbox({ clock: createVirtualClock(), logger: silentLogger, retryMs: 10 });
  const seen: string[] = [];
  const step = (name: string) => async () => {
    seen.push(`${name} begins`);
    await turn();
    seen.push(`${name} ends`);
  };

  await Promise.all([mailbox.post('one', step('one')), mailbox.post('two', step('two'))]);

  assert.deepEqual(seen, ['one begins', 'one ends', 'two begins', 'two ends']);
});

test('A step that fails is tried again later, and those behind it do not wait for that', async () => {
  const clock = createVirtualClock();
  const mailbox = createMailbox({ clock, logger: silentLogger, retryMs: 10 });
  const seen: string[] = [];
  let fails = true;

  await mailbox.post('one', async () => {
    if (fails) throw new Error('the disk is broken');
    seen.push('one');
  });
  fails = false;
  await mailbox.post('two', async () => void seen.push('two'));
  await clock.advance(10);
  await mailbox.post('three', async () => void seen.push('three'));

  assert.deepEqual(seen, ['two', 'one', 'three']);
});

test('A step whose platform cannot be asked waits longer each time, and as long as the platform says', async () => {
  const clock = createVirtualClock();
  const mailbox = createMailbox({ clock, logger: silentLogger, retryMs: 10 });
  const at: number[] = [];

  await mailbox.post('ask', async () => {
    at.push(clock.monotonic());
    if (at.length <= 3) throw new NotNow('no answer', { retryAfterMs: at.length === 3 ? 500 : null });
  });
  for (const waitMs of [10, 20, 500]) await clock.advance(waitMs);

  const [first = 0] = at;
  assert.deepEqual(
    at.map((moment) => moment - first),
    [0, 10, 30, 530],
  );
});

test('A closed mailbox waits for the step at work and begins no other', async () => {
  const mailbox = createMailbox({ clock: createVirtualClock(), logger: silentLogger, retryMs: 10 });
  const seen: string[] = [];
  const working = mailbox.post('one', async () => {
    await turn();
    seen.push('one');
  });
  await Promise.resolve();
  await Promise.resolve();
  const waiting = mailbox.post('two', async () => void seen.push('two'));

  await mailbox.close();
  await Promise.all([working, waiting]);

  assert.deepEqual(seen, ['one']);
});
