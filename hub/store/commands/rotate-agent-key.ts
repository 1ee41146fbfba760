import type { AgentDesired } from '../../../protocol/agent-report.ts';
import { toKeyFingerprint } from '../../../runtime/key-fingerprint.ts';
import type { Actor } from '../actor.ts';
import { toDesired } from '../agent-row.ts';
import { readAgent, readAgentByName, updateAgent } from '../agent-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run, tell } from '../program.ts';
import { readAgentRecord } from '../read-agent-record.ts';
import type { AgentRow } from '../schema.ts';
import { writeAudit } from '../write-audit.ts';

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
  const asked = yield* change(agent, {}, { old, accepted: null });
  yield* tellOf(asked, { actor, action: 'agent.key-rotation-asked', data: { key: old }, at });
  return { type: 'asked', agent: yield* readAgentRecord(asked) };
}

/**
 * The agent has made another key, and proved that it holds it. Both open from here on: whether it hears that is not known. Only where it was asked for, so that
 * nobody who got hold of a channel puts a key of their own in its place.
 */
export function* offerAgentKey({
  agentId,
  publicKey,
  at,
}: CommandInput<'offer-agent-key'>): Program<CommandResult<'offer-agent-key'>> {
  const agent = yield* first(readAgent, { id: agentId });
  if (agent === null || agent.revoked_at !== null) return { type: 'ignored' };
  const old = toKeyFingerprint(agent.public_key);
  const accepted = toKeyFingerprint(publicKey);
  if (toDesired(agent).replaceKey?.old !== old || accepted === old) return { type: 'ignored' };
  if (agent.next_public_key === publicKey) return { type: 'accepted' };
  const offered = yield* change(agent, { next_public_key: publicKey }, { old, accepted });
  yield* tellOf(offered, { actor: `agent:${agentId}`, action: 'agent.key-offered', data: { key: accepted }, at });
  return { type: 'accepted' };
}

/** The new key was used, or the agent says that it has it for good: the old one opens nothing from here on. */
export function* adoptAgentKey({
  agentId,
  fingerprint,
  remote = null,
  at,
}: CommandInput<'adopt-agent-key'>): Program<CommandResult<'adopt-agent-key'>> {
  const agent = yield* first(readAgent, { id: agentId });
  const next = agent?.next_public_key ?? null;
  if (agent === null || next === null || agent.revoked_at !== null) return { type: 'ignored' };
  if (toKeyFingerprint(next) !== fingerprint) return { type: 'ignored' };
  const before = { key: toKeyFingerprint(agent.public_key) };
  const adopted = yield* change(agent, { public_key: next, next_public_key: null }, null);
  yield* tellOf(adopted, {
    actor: { name: `agent:${agentId}`, requestId: null, remote },
    action: 'agent.key-rotated',
    data: { before, after: { key: fingerprint } },
    at,
  });
  return { type: 'adopted' };
}

function* change(agent: AgentRow, keys: Partial<AgentRow>, replaceKey: AgentDesired['replaceKey']): Program<AgentRow> {
  const desired = JSON.stringify({ ...toDesired(agent), replaceKey });
  const changed = { ...agent, ...keys, desired, desired_version: agent.desired_version + 1 };
  yield* run(updateAgent, changed);
  return changed;
}

function* tellOf(
  { id, account, name }: AgentRow,
  event: { readonly actor: Actor; readonly action: string; readonly data: object; readonly at: number },
): Program<void> {
  yield* writeAudit({ ...event, account, object: `agent:${id}`, data: { name, ...event.data } });
  yield* tell({ type: 'agent', agentId: id });
}
