import { findChangedKeys } from '../../../protocol/changed-keys.ts';
import type { FactsReport } from '../../../protocol/facts.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import { readAgent } from '../agent-statements.ts';
import type { CommandInput, CommandResult } from '../command.ts';
import {
  deleteFacts,
  deleteFactsHistory,
  insertFactsHistory,
  readFacts,
  readHistorySizes,
  readProbesOf,
  upsertFacts,
} from '../facts-statements.ts';
import { all, first, type Program, run } from '../program.ts';
import type { AgentRow, FactsRow } from '../schema.ts';
import { writeAudit } from '../write-audit.ts';

/** Of one agent: whoever reports more loses what was not reported for longest. */
const maxProbes = 64;

/** Of one probe: so many changes, and so many bytes of them, the newest always. */
const maxChanges = 100;
const maxHistoryBytes = 1024 * 1024;

/** What an audit event tells of the changed keys. */
const maxKeysTold = 50;
const maxKeyLength = 128;

const everything = Number.MAX_SAFE_INTEGER;

/** Facts and times that are missing in the report are kept as they were: the agent has not run the probe well since its start. */
function toRow(agentId: string, report: FactsReport, before: FactsRow | null, at: number): FactsRow {
  const kept = report.facts === null || report.collectedAt === null ? before : null;
  return {
    agent_id: agentId,
    probe: report.probe,
    digest: report.digest,
    facts: kept === null ? toText(report.facts) : kept.facts,
    collected_at: kept === null ? toMs(report.collectedAt) : kept.collected_at,
    changed_at: before?.changed_at ?? null,
    duration_ms: kept === null ? report.durationMs : kept.duration_ms,
    error: report.error?.message ?? null,
    error_at: toMs(report.error?.at ?? null),
    changes: before?.changes ?? 0,
    recorded_at: at,
  };
}

function toText(facts: JsonObject | null): string | null {
  return facts === null ? null : JSON.stringify(facts);
}

function toMs(timestamp: string | null): number | null {
  return timestamp === null ? null : Date.parse(timestamp);
}

function isSame(one: FactsRow, other: FactsRow): boolean {
  return (['digest', 'facts', 'collected_at', 'error', 'error_at'] as const).every((key) => one[key] === other[key]);
}

/** Null when the facts are what they were but for volatile values; all keys when there were none. */
function findChange(row: FactsRow, before: FactsRow | null, volatile: readonly string[]): readonly string[] | null {
  if (row.facts === null) return null;
  const facts: JsonObject = JSON.parse(row.facts);
  const earlier = before?.facts ?? null;
  if (earlier === null) return Object.keys(facts);
  const keys = earlier === row.facts ? [] : findChangedKeys(JSON.parse(earlier), facts, volatile);
  return keys.length === 0 ? null : keys;
}

/** A report that was told before writes nothing, so it may come as often as it likes. */
export function* recordFacts({
  agentId,
  report,
  at,
}: CommandInput<'record-facts'>): Program<CommandResult<'record-facts'>> {
  const agent = yield* first(readAgent, { id: agentId });
  if (agent === null || agent.revoked_at !== null) return { type: 'unknown' };
  const before = yield* first(readFacts, { agentId, probe: report.probe });
  const row = toRow(agentId, report, before, at);
  if (before !== null && isSame(before, row)) return { type: 'known' };
  if (before === null) yield* makeRoom(agentId);
  const changed = findChange(row, before, report.volatile);
  if (changed === null) {
    yield* run(upsertFacts, row);
    return { type: 'refreshed' };
  }
  const after = { ...row, changes: row.changes + 1, changed_at: row.collected_at ?? at };
  yield* run(upsertFacts, after);
  yield* remember(agent, after, { changed, at });
  return { type: 'changed', keys: changed };
}

function* remember(
  agent: AgentRow,
  row: FactsRow,
  { changed, at }: { readonly changed: readonly string[]; readonly at: number },
): Program<void> {
  const facts = row.facts ?? '{}';
  const { probe, changes: sequence } = row;
  const keys = changed.slice(0, maxKeysTold).map((key) => key.slice(0, maxKeyLength));
  yield* run(insertFactsHistory, {
    agent_id: agent.id,
    probe,
    sequence,
    digest: row.digest,
    facts,
    bytes: Buffer.byteLength(facts),
    changed: JSON.stringify(keys),
    collected_at: row.collected_at ?? at,
    recorded_at: at,
  });
  yield* trim(agent.id, probe);
  yield* writeAudit({
    at,
    account: agent.account,
    actor: `agent:${agent.id}`,
    action: 'facts.changed',
    object: `agent:${agent.id}`,
    data: { agent: agent.name, probe, sequence, changed: keys },
  });
}

function* trim(agentId: string, probe: string): Program<void> {
  let bytes = 0;
  const sizes = yield* all(readHistorySizes, { agentId, probe });
  for (const [index, size] of sizes.entries()) {
    bytes += size.bytes;
    if (index === 0 || (index < maxChanges && bytes <= maxHistoryBytes)) continue;
    yield* run(deleteFactsHistory, { agentId, probe, upTo: size.sequence });
    return;
  }
}

function* makeRoom(agentId: string): Program<void> {
  const probes = yield* all(readProbesOf, { agentId });
  const oldest = probes.toSorted((one, other) => one.recorded_at - other.recorded_at);
  for (const { probe } of oldest.slice(0, Math.max(probes.length + 1 - maxProbes, 0))) {
    yield* run(deleteFactsHistory, { agentId, probe, upTo: everything });
    yield* run(deleteFacts, { agentId, probe });
  }
}
