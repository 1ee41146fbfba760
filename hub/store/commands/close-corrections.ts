import type { CommandInput, CommandResult } from '../command.ts';
import { readUnwipedJobs, wipeSecrets } from '../job-statements.ts';
import { all, type Program, run } from '../program.ts';
import { writeAudit } from '../write-audit.ts';

/** What one command wipes at most, so that no commit takes long. */
const limit = 500;

export function* closeCorrections({
  before,
  at,
}: CommandInput<'close-corrections'>): Program<CommandResult<'close-corrections'>> {
  const jobs = yield* all(readUnwipedJobs, { before, limit });
  for (const { id, account } of jobs) {
    yield* run(wipeSecrets, { id, at });
    yield* writeAudit({ at, account, actor: 'hub', action: 'job.secrets-wiped', object: `job:${id}`, data: {} });
  }
  return { jobIds: jobs.map(({ id }) => id) };
}
