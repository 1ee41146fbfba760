import { first, type Program } from './program.ts';
import { readRemovedAttempt } from './retention-statements.ts';

/** What an agent is told of an attempt that is not there: retention removed it with its job, or there never was one. */
export function* findRemoved(
  attemptId: string,
  agentId: string,
): Program<{ readonly type: 'accepted' | 'withdrawn' | 'wrong-agent' | 'unknown' }> {
  const removed = yield* first(readRemovedAttempt, { id: attemptId });
  if (removed === null) return { type: 'unknown' };
  return { type: removed.agent_id === agentId ? removed.answer : 'wrong-agent' };
}
