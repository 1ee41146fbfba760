import { type changingAttemptColumns, openOf, toAttemptRecord } from './attempt-row.ts';
import { updateAttempt } from './attempt-statements.ts';
import { type Program, run, tell } from './program.ts';
import type { AttemptRow } from './schema.ts';
import { StoreError } from './store-error.ts';

export type AttemptChange = Partial<
  Pick<AttemptRow, Exclude<(typeof changingAttemptColumns)[number], 'version' | 'spec_version' | 'open'>>
>;

/** The one way in which an attempt changes. What the agent is told of on the control channel raises `spec_version`. */
export function* changeAttempt(before: AttemptRow, change: AttemptChange): Program<AttemptRow> {
  const merged: AttemptRow = { ...before, ...change };
  const respecified =
    merged.desired !== before.desired || (merged.document_sent_at === null) !== (before.document_sent_at === null);
  const after: AttemptRow = {
    ...merged,
    open: openOf(merged.state),
    version: before.version + 1,
    spec_version: before.spec_version + (respecified ? 1 : 0),
  };
  const changed = yield* run(updateAttempt, { ...after, versionBefore: before.version });
  if (changed !== 1) {
    throw new StoreError(
      'conflict',
      `attempt ${before.id} was changed by another transaction since version ${before.version}`,
    );
  }
  yield* tell({ type: 'attempt', attempt: toAttemptRecord(after) });
  return after;
}
