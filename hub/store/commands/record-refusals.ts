import type { CommandInput } from '../command.ts';
import type { Program } from '../program.ts';
import { writeAudit } from '../write-audit.ts';

export function* recordRefusals({ refusals, at }: CommandInput<'record-refusals'>): Program<null> {
  for (const { account, object, door, count, since, from } of refusals) {
    const [address, ...others] = Object.keys(from);
    yield* writeAudit({
      at,
      account,
      actor: { name: 'hub', requestId: null, remote: others.length === 0 ? (address ?? null) : null },
      action: 'auth.refused',
      object,
      data: { door, count, from, since: new Date(since).toISOString() },
    });
  }
  return null;
}
