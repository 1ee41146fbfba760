import { toKeyFingerprint } from '../../../runtime/key-fingerprint.ts';
import type { Actor } from '../actor.ts';
import { endLease, readAgentByName, revokeAgentRow } from '../agent-statements.ts';
import { readOpenAttempts } from '../attempt-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { readJob } from '../job-statements.ts';
import { loseAttempt } from '../lose-attempt.ts';
import { need } from '../need.ts';
import { all, first, type Program, run, tell } from '../program.ts';
import { readAgentRecord } from '../read-agent-record.ts';
import type { AgentRow } from '../schema.ts';
import { writeAudit } from '../write-audit.ts';
import { returnOffer } from './withdraw-offer.ts';

/**
 * Its key opens nothing from here on, and its name may be taken by another. What was only offered to it goes back to the queue; what may run there is left
 * to the rule of silence, or given up at once.
 */
export function* revokeAgent(input: CommandInput<'revoke-agent'>): Program<CommandResult<'revoke-agent'>> {
  const { account, name, loseJobs, note, actor, at } = input;
  const agent = yield* first(readAgentByName, { account, name });
  if (agent === null) return { type: 'not-found' };
  yield* run(revokeAgentRow, { id: agent.id, at });
  yield* run(endLease, { agentId: agent.id, at });
  const left = yield* settleAttempts(agent, { loseJobs, actor, at });
  yield* writeAudit({
    at,
    account,
    actor,
    action: 'agent.revoked',
    object: `agent:${agent.id}`,
    data: {
      name,
      note,
      key: toKeyFingerprint(agent.public_key),
      jobs: left,
      before: { revoked: false },
      after: { revoked: true },
    },
  });
  yield* tell({ type: 'agent', agentId: agent.id });
  return { type: 'revoked', agent: yield* readAgentRecord({ ...agent, revoked_at: at }) };
}

/** Answers how many may run on, and how many were given up. */
function* settleAttempts(
  agent: AgentRow,
  {
    loseJobs,
    actor,
    at,
  }: { readonly loseJobs: CommandInput<'revoke-agent'>['loseJobs']; readonly actor: Actor; readonly at: number },
): Program<{ readonly runOn: number; readonly lost: number }> {
  let runOn = 0;
  let lost = 0;
  for (const attempt of yield* all(readOpenAttempts, { agentId: agent.id })) {
    if (attempt.state === 'offered') {
      const job = need(yield* first(readJob, { id: attempt.job_id }), 'job');
      yield* returnOffer(job, attempt, { why: 'agent-revoked', message: null, actor, at });
    } else if (attempt.state === 'running' && loseJobs !== null) {
      const message = `agent ${agent.name} was revoked, and its jobs given up`;
      yield* loseAttempt(attempt, { retrySafe: loseJobs.retrySafe.includes(attempt.id), message, actor, at });
      lost++;
    } else if (attempt.state === 'running') runOn++;
  }
  return { runOn, lost };
}
