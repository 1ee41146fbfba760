import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run } from '../program.ts';
import { readNewestAuditTime, readRetention, updateLivedTo } from '../retention-statements.ts';

/** How much faster than it lives the hub takes in time that it did not live through: a day in an hour. */
const catchUp = 24;

/**
 * Counts ages to the time that the hub has lived to, which is the clock's, unless the clock is far ahead of what was lived: a hub that was off, or
 * whose clock jumped, comes near it at a bounded pace. So no jump removes at once what was to be kept for months.
 */
export function* liveOn({ livedMs, at }: CommandInput<'live-on'>): Program<CommandResult<'live-on'>> {
  const known = (yield* first(readRetention, {}))?.lived_to ?? (yield* first(readNewestAuditTime, {}))?.at ?? at;
  const livedTo = Math.min(at, Math.floor(known + livedMs * catchUp));
  yield* run(updateLivedTo, { livedTo });
  return { livedTo };
}
