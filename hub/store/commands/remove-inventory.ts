import type { CommandResult } from '../command.ts';
import { deleteSomeInventory, readGoneInventory } from '../inventory-statements.ts';
import { first, type Program, run } from '../program.ts';

/** What one command removes at most, so that no commit takes long. */
const limit = 500;

export function* removeInventory(): Program<CommandResult<'remove-inventory'>> {
  const gone = yield* first(readGoneInventory, {});
  if (gone === null) return { rows: 0 };
  return { rows: yield* run(deleteSomeInventory, { agentId: gone.agent_id, limit }) };
}
