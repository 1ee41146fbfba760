import type { CommandInput, CommandName, CommandResult } from './command.ts';
import { adoptAgentKey } from './commands/adopt-agent-key.ts';
import { adoptCopy } from './commands/adopt-copy.ts';
import { cancelCopied } from './commands/cancel-copied.ts';
import { cancelJob } from './commands/cancel-job.ts';
import { clearDoubt } from './commands/clear-doubt.ts';
import { closeCorrections } from './commands/close-corrections.ts';
import { createJoinToken } from './commands/create-join-token.ts';
import { createToken } from './commands/create-token.ts';
import { doubtStore } from './commands/doubt-store.ts';
import { endAttempt } from './commands/end-attempt.ts';
import { enrolAgent } from './commands/enrol-agent.ts';
import { expireJobs } from './commands/expire-jobs.ts';
import { forgetAgents } from './commands/forget-agents.ts';
import { forgetAttempts } from './commands/forget-attempts.ts';
import { forgetLogRemovals } from './commands/forget-log-removals.ts';
import { liveOn } from './commands/live-on.ts';
import { loseAttempts } from './commands/lose-attempts.ts';
import { missLogs } from './commands/miss-logs.ts';
import { offerAgentKey } from './commands/offer-agent-key.ts';
import { offerAttempt } from './commands/offer-attempt.ts';
import { openAttempt } from './commands/open-attempt.ts';
import { recordAgentReport } from './commands/record-agent-report.ts';
import { recordFacts } from './commands/record-facts.ts';
import { recordInventory } from './commands/record-inventory.ts';
import { recordRefusals } from './commands/record-refusals.ts';
import { releaseLease } from './commands/release-lease.ts';
import { removeAgent } from './commands/remove-agent.ts';
import { removeAudit } from './commands/remove-audit.ts';
import { removeInventory } from './commands/remove-inventory.ts';
import { removeJobs } from './commands/remove-jobs.ts';
import { removeJoinTokens } from './commands/remove-join-tokens.ts';
import { removeLogs } from './commands/remove-logs.ts';
import { removeTokens } from './commands/remove-tokens.ts';
import { renewLeases } from './commands/renew-leases.ts';
import { reportAttempt } from './commands/report-attempt.ts';
import { revokeAgent } from './commands/revoke-agent.ts';
import { revokeJoinToken } from './commands/revoke-join-token.ts';
import { revokeToken } from './commands/revoke-token.ts';
import { rotateAgentKey } from './commands/rotate-agent-key.ts';
import { setAgentDesired } from './commands/set-agent-desired.ts';
import { setQuotas } from './commands/set-quotas.ts';
import { submitJob } from './commands/submit-job.ts';
import { takeLease } from './commands/take-lease.ts';
import { trustStore } from './commands/trust-store.ts';
import { withdrawOffer } from './commands/withdraw-offer.ts';
import type { Program } from './program.ts';

/** What each command does, in every adapter. */
export const commandPrograms: {
  readonly [Name in CommandName]: (input: CommandInput<Name>) => Program<CommandResult<Name>>;
} = {
  'submit-job': submitJob,
  'cancel-job': cancelJob,
  'expire-jobs': expireJobs,
  'offer-attempt': offerAttempt,
  'withdraw-offer': withdrawOffer,
  'open-attempt': openAttempt,
  'report-attempt': reportAttempt,
  'end-attempt': endAttempt,
  'lose-attempts': loseAttempts,
  'close-corrections': closeCorrections,
  'enrol-agent': enrolAgent,
  'take-lease': takeLease,
  'renew-leases': renewLeases,
  'release-lease': releaseLease,
  'record-agent-report': recordAgentReport,
  'record-facts': recordFacts,
  'record-inventory': recordInventory,
  'set-agent-desired': setAgentDesired,
  'rotate-agent-key': rotateAgentKey,
  'offer-agent-key': offerAgentKey,
  'adopt-agent-key': adoptAgentKey,
  'revoke-agent': revokeAgent,
  'remove-agent': removeAgent,
  'forget-agents': forgetAgents,
  'remove-tokens': removeTokens,
  'remove-inventory': removeInventory,
  'create-token': createToken,
  'revoke-token': revokeToken,
  'set-quotas': setQuotas,
  'record-refusals': recordRefusals,
  'create-join-token': createJoinToken,
  'revoke-join-token': revokeJoinToken,
  'doubt-store': doubtStore,
  'clear-doubt': clearDoubt,
  'trust-store': trustStore,
  'live-on': liveOn,
  'remove-jobs': removeJobs,
  'remove-logs': removeLogs,
  'forget-log-removals': forgetLogRemovals,
  'remove-audit': removeAudit,
  'remove-join-tokens': removeJoinTokens,
  'miss-logs': missLogs,
  'cancel-copied': cancelCopied,
  'adopt-copy': adoptCopy,
  'forget-attempts': forgetAttempts,
};
