import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMailbox } from '../../../agent/attempts/mailbox.ts';
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
