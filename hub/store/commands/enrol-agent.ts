import type { LabelSelector } from '../../../protocol/label-selector.ts';
import type { Labels } from '../../../protocol/labels.ts';
import { toKeyFingerprint } from '../../../runtime/key-fingerprint.ts';
import { insertAgent, readAgentByName, updateAgent } from '../agent-statements.ts';
import { effectiveLabels, mayClaim } from '../allowed-labels.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import { first, type Program, run, tell } from '../program.ts';
import { readAgentRecord } from '../read-agent-record.ts';
import type { AgentRow, JoinTokenRow } from '../schema.ts';
import { readJoinTokenByHash, useJoinToken } from '../token-statements.ts';
import { writeAudit } from '../write-audit.ts';

function isUsable(token: JoinTokenRow, at: number): boolean {
  return (token.expires_at === null || token.expires_at > at) && (token.uses_left === null || token.uses_left > 0);
}

/**
 * An agent that asks again with the key it enrolled with gets the same answer, even when its token is used up by then: the first
 * answer may have been lost. Where the token is `ephemeral`, a new key takes over the identity that came with the same token; the
 * id stays, so that what the earlier life was given is answered for.
 */
export function* enrolAgent({
  joinTokenHash,
  agentId,
  name,
  publicKey,
  claimedLabels,
  origin = { requestId: null, remote: null },
  at,
}: CommandInput<'enrol-agent'>): Program<CommandResult<'enrol-agent'>> {
  const token = yield* first(readJoinTokenByHash, { hash: joinTokenHash });
  if (token === null) return { type: 'token-invalid' };
  const { account } = token;
  const known = yield* first(readAgentByName, { account, name });
  if (known !== null && known.public_key === publicKey && known.join_token_id === token.id) {
    return { type: 'repeated', agent: yield* readAgentRecord(known) };
  }
  if (!isUsable(token, at)) return { type: 'token-invalid' };
  if (known !== null && known.public_key === publicKey) {
    return { type: 'repeated', agent: yield* readAgentRecord(known) };
  }
  if (known !== null && !(token.ephemeral === 1 && known.join_token_id === token.id)) return { type: 'name-taken' };
  const allowed: LabelSelector = JSON.parse(token.allowed_labels);
  const given: Labels = JSON.parse(token.labels);
  const refused = Object.entries(claimedLabels)
    .filter(([key, value]) => !mayClaim(key, value, allowed))
    .map(([key]) => key);
  if (refused.length > 0) return { type: 'labels-not-allowed', labels: refused };

  const agent: AgentRow = {
    id: known?.id ?? agentId,
    account,
    name,
    public_key: publicKey,
    labels: JSON.stringify(effectiveLabels(claimedLabels, allowed, given)),
    join_token_id: token.id,
    allowed_labels: token.allowed_labels,
    given_labels: token.labels,
    desired: known?.desired ?? JSON.stringify({ schedulable: true, drain: false, note: null }),
    desired_version: known?.desired_version ?? 1,
    created_at: known?.created_at ?? at,
    revoked_at: null,
    next_public_key: null,
  };
  yield* run(known === null ? insertAgent : updateAgent, agent);
  yield* run(useJoinToken, { id: token.id });
  yield* writeAudit({
    at,
    account,
    actor: { name: `join-token:${token.id}`, ...origin },
    action: known === null ? 'agent.enrolled' : 'agent.key-replaced',
    object: `agent:${agent.id}`,
    data: {
      name,
      labels: JSON.parse(agent.labels),
      before: known === null ? null : { key: toKeyFingerprint(known.public_key) },
      after: { key: toKeyFingerprint(publicKey) },
    },
  });
  yield* tell({ type: 'agent', agentId: agent.id });
  return { type: 'enrolled', agent: yield* readAgentRecord(agent) };
}
