/** Facts as they are, and as they were after each of their last changes. */
export const factsSchema = `
create table facts (
  agent_id text not null,
  probe text not null,
  digest text not null,
  facts text,
  collected_at integer,
  changed_at integer,
  duration_ms integer,
  error text,
  error_at integer,
  changes integer not null,
  recorded_at integer not null,
  primary key (agent_id, probe)
) strict, without rowid;

create table facts_history (
  agent_id text not null,
  probe text not null,
  sequence integer not null,
  digest text not null,
  facts text not null,
  bytes integer not null,
  changed text not null,
  collected_at integer not null,
  recorded_at integer not null,
  primary key (agent_id, probe, sequence)
) strict;
`;
