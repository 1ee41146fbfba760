import { defaultAccount } from '../../account.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { forgetTickets } from '../forget-tickets.ts';
import type { Program } from '../program.ts';
import { supposeSent } from '../suppose-sent.ts';
import { writeAudit } from '../write-audit.ts';

export function* adoptCopy({ offered, madeAt, at }: CommandInput<'adopt-copy'>): Program<CommandResult<'adopt-copy'>> {
  for (const id of offered) yield* supposeSent(id, at);
  yield* forgetTickets(null);
  yield* writeAudit({
    at,
    account: defaultAccount,
    actor: 'hub',
    action: 'hub.restored',
    object: `account:${defaultAccount}`,
    data: { madeAt, offered: offered.length },
  });
  return null;
}
