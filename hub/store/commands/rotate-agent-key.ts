import { toKeyFingerprint } from '../../../runtime/key-fingerprint.ts';
import { toDesired } from '../agent-row.ts';
import { readAgentByName } from '../agent-statements.ts';
import { changeAgentKey, tellOfAgentKey } from '../change-agent-key.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program } from '../program.ts';
import { readAgentRecord } from '../read-agent-record.ts';

/** Asks the agent for another key. Asked again, it is asked once. */
export function* rotateAgentKey({
  account,
  name,
  actor,
  at,
}: CommandInput<'rotate-agent-key'>): Program<CommandResult<'rotate-agent-key'>> {
  const agent = yield* first(readAgentByName, { account, name });
  if (agent === null) return { type: 'not-found' };
  const old = toKeyFingerprint(agent.public_key);
  if (toDesired(agent).replaceKey?.old === old) return { type: 'asked', agent: yield* readAgentRecord(agent) };
  const asked = yield* changeAgentKey(agent, {}, { old, accepted: null });
  yield* tellOfAgentKey(asked, { actor, action: 'agent.key-rotation-asked', data: { key: old }, at });
  return { type: 'asked', agent: yield* readAgentRecord(asked) };
}
