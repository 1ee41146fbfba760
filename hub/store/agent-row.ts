import type { AgentDesired } from '../../protocol/agent-report.ts';
import type { AgentRecord } from './records.ts';
import type { AgentLeaseRow, AgentReportRow, AgentRow } from './schema.ts';

export const agentColumns = [
  'id',
  'account',
  'name',
  'public_key',
  'labels',
  'join_token_id',
  'allowed_labels',
  'given_labels',
  'desired',
  'desired_version',
  'created_at',
  'revoked_at',
  'next_public_key',
] as const satisfies readonly (keyof AgentRow)[];

/** An agent with its report and lease, each of which may not be there yet. */
export type WholeAgentRow = AgentRow & Partial<Nullable<AgentReportRow>> & Partial<Nullable<AgentLeaseRow>>;

type Nullable<Row> = { readonly [Key in keyof Row]: Row[Key] | null };

export function toAgentRecord(row: WholeAgentRow): AgentRecord {
  const { owner = null, epoch = null, expires_at: expiresAt = null } = row;
  return {
    id: row.id,
    account: row.account,
    name: row.name,
    publicKey: row.public_key,
    nextPublicKey: row.next_public_key,
    labels: JSON.parse(row.labels),
    desired: toDesired(row),
    desiredVersion: row.desired_version,
    report: JSON.parse(row.report ?? 'null'),
    reportedAt: row.reported_at ?? null,
    lastSeenAt: row.last_seen_at ?? null,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
    lease: epoch === null || expiresAt === null ? null : { owner, epoch, expiresAt },
  };
}

/** What was stored by an earlier version says nothing of keys. */
export function toDesired({ desired }: Pick<AgentRow, 'desired'>): AgentDesired {
  return { replaceKey: null, ...JSON.parse(desired) };
}
