import { readAgent } from '../agent-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import type { InventoryChange } from '../inventory.ts';
import { toInventoryRow } from '../inventory-row.ts';
import { deleteInventory, readInventoryMark, readSumsOf, upsertInventory } from '../inventory-statements.ts';
import { all, first, type Program, run } from '../program.ts';
import type { AgentRow } from '../schema.ts';

/** What one agent may have: more than the largest clusters have that Kubernetes is built for. */
const maxRows = 20_000;
const maxBytes = 64 * 1024 * 1024;

/** What is left to the agent. */
interface Room {
  readonly rows: { nodes: number; apps: number };
  bytes: number;
}

/** What was told before writes nothing. */
export function* recordInventory({
  agentId,
  changes,
  at,
}: CommandInput<'record-inventory'>): Program<CommandResult<'record-inventory'>> {
  const agent = yield* first(readAgent, { id: agentId });
  if (agent === null || agent.revoked_at !== null) return { type: 'unknown' };
  const room = yield* readRoom(agentId);
  let written = 0;
  let refused = 0;
  for (const change of changes) {
    if (change.type === 'gone') {
      written += yield* run(deleteInventory, { agentId, list: change.list, resourceId: change.resourceId });
      continue;
    }
    const answer = yield* put(agent, change, { room, at });
    if (answer === 'written') written++;
    else if (answer === 'refused') refused++;
  }
  return { type: 'recorded', written, refused };
}

function* readRoom(agentId: string): Program<Room> {
  const room = { rows: { nodes: maxRows, apps: maxRows }, bytes: maxBytes };
  for (const { list, items, bytes } of yield* all(readSumsOf, { agentId })) {
    room.rows[list] -= items;
    room.bytes -= bytes;
  }
  return room;
}

function* put(
  agent: AgentRow,
  { list, item }: Extract<InventoryChange, { readonly type: 'put' }>,
  { room, at }: { readonly room: Room; readonly at: number },
): Program<'written' | 'known' | 'refused'> {
  const before = yield* first(readInventoryMark, { agentId: agent.id, list, resourceId: item.resourceId });
  if (before !== null && before.hash === item.hash && before.shape === item.shape) return 'known';
  const row = toInventoryRow(agent, list, { item, firstSeenAt: before?.first_seen_at ?? at, at });
  const rows = before === null ? 1 : 0;
  const bytes = row.bytes - (before?.bytes ?? 0);
  if (rows > room.rows[list] || (bytes > 0 && bytes > room.bytes)) return 'refused';
  yield* run(upsertInventory, row);
  room.rows[list] -= rows;
  room.bytes -= bytes;
  return 'written';
}
