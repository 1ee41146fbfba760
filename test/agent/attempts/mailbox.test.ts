import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMailbox } from '../../../agent/attempts/mailbox.ts';
import { toRetryMs } from '../../../agent/attempts/retry-time.ts';
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
  assert.deepEqual(seen, ['one']);
  await Promise.all([working, waiting]);

  assert.deepEqual(seen, ['one']);
});

test('A step that is taken again waits for the one at work', async () => {
  const clock = createVirtualClock();
  const mailbox = createMailbox({ clock, logger: silentLogger, retryMs: 10 });
  const seen: string[] = [];
  let tries = 0;
  const { promise: go, resolve } = Promise.withResolvers<void>();

  await mailbox.post('one', async () => {
    tries += 1;
    if (tries === 1) throw new Error('the disk is broken');
    seen.push('one');
  });
  const working = mailbox.post('two', async () => {
    await go;
    seen.push('two');
  });
  await clock.advance(10);
  assert.equal(tries, 1);
  resolve();
  await working;
  await mailbox.post('three', async () => void seen.push('three'));

  assert.deepEqual(seen, ['two', 'one', 'three']);
});

test('A closed mailbox leaves no timer behind', async () => {
  const clock = createVirtualClock();
  const mailbox = createMailbox({ clock, logger: silentLogger, retryMs: 10 });
  await mailbox.post('one', () => Promise.reject(new Error('the disk is broken')));

  await mailbox.close();

  assert.equal(clock.pending, 0);
});

test('No platform puts a step off for longer than half a minute', () => {
  assert.equal(toRetryMs(10, new NotNow('no answer', { retryAfterMs: 3_600_000 }), 0), 30_000);
  assert.equal(toRetryMs(10, new NotNow('no answer', { retryAfterMs: null }), 5_000), 30_000);
});
