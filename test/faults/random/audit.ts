import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The ways between states that `docs/attempts.md` §1 has, written down once more: what the hub's own table allows is what is checked. */
const ways: Readonly<Record<string, readonly string[]>> = {
  queued: ['offered', 'succeeded', 'failed', 'cancelled', 'timed-out', 'lost'],
  offered: ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'timed-out', 'lost'],
  running: ['queued', 'succeeded', 'failed', 'cancelled', 'timed-out', 'lost'],
  lost: ['succeeded', 'failed', 'cancelled', 'timed-out', 'lost'],
};

interface Step {
  readonly action: string;
  readonly from: string | null;
  readonly state: string;
}

/** Everything that the hub on this data folder wrote down of its jobs. The hub must be down. */
export interface Audit {
  /** Throws when a job came into a state in which it can not have come, or an end was changed that was final. */
  check(job: string): void;
  /** Its end came after it was called lost. */
  wasCorrected(job: string): boolean;
}

export function readAudit(hubData: string): Audit {
  using database = new DatabaseSync(join(hubData, 'hub.sqlite'), { readOnly: true });
  const rows = database.prepare("select action, object, data from audit where object like 'job:%' order by sequence");
  const steps = new Map<string, Step[]>();
  for (const { action, object, data } of rows.all()) {
    const { from = null, state } = JSON.parse(String(data)) as { readonly from?: string; readonly state?: string };
    if (state === undefined) continue;
    const job = String(object).slice('job:'.length);
    steps.set(job, [...(steps.get(job) ?? []), { action: String(action), from, state }]);
  }
  return {
    check(job) {
      const taken = steps.get(job) ?? [];
      assert.equal(
        taken[0]?.state,
        'queued',
        `job ${job}: expected it to begin as queued, got ${JSON.stringify(taken)}`,
      );
      for (const [index, { from, state }] of taken.entries()) {
        if (index === 0) continue;
        const before = taken[index - 1]?.state ?? '';
        const way = `${before} → ${state}`;
        assert.equal(from, before, `job ${job}: the step to ${state} left ${from}, but it was ${before}`);
        assert.ok(before === state || ways[before]?.includes(state), `job ${job}: impossible way ${way}`);
      }
    },
    wasCorrected: (job) => steps.get(job)?.some(({ action }) => action === 'job.corrected') ?? false,
  };
}
