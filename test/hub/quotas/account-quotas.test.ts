import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AccountQuotas } from '../../../hub/quotas/account-quotas.ts';
import { RunningQuota } from '../../../hub/quotas/running-quota.ts';

const usual = { queuedJobs: 100, runningJobs: 2, logBytes: 1_000 };
const nothing = { queuedJobs: null, runningJobs: null, logBytes: null };

it('An account may have what was set for it, and what is usual where nothing was', () => {
  const quotas = new AccountQuotas(usual);
  const before = quotas.of('red');

  quotas.changed('red', { queuedJobs: 'unlimited', runningJobs: 5, logBytes: null });

  assert.deepEqual(before, usual);
  assert.deepEqual(quotas.of('red'), { queuedJobs: Infinity, runningJobs: 5, logBytes: 1_000 });
  assert.deepEqual(quotas.of('blue'), usual);
  assert.deepEqual(
    (['queuedJobs', 'runningJobs', 'logBytes'] as const).map((name) => quotas.isOwn('red', name)),
    [true, true, false],
  );
});

it('An account is held with as many jobs on agents as it may have, until it has fewer or may have more', () => {
  const quotas = new AccountQuotas(usual);
  const running = new RunningQuota(quotas);
  const seen: (readonly [holds: boolean, revision: number])[] = [];
  const look = () => seen.push([running.holds('red'), running.revision]);

  for (const id of ['one', 'two', 'two']) running.began(id, 'red');
  look();
  quotas.changed('red', { ...nothing, runningJobs: 3 });
  look();
  running.began('three', 'red');
  look();
  for (const id of ['one', 'one']) running.ended(id);
  look();

  assert.deepEqual(
    seen.map(([holds]) => holds),
    [true, false, true, false],
  );
  assert.equal(new Set(seen.map(([, revision]) => revision)).size, 4);
  assert.equal(running.running('red'), 2);
});
