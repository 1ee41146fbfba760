/**
 * The tables of `../schema.ts`. Indexes are for what every job does (its queue, its attempts, its lists), and partial where a
 * state is rare, so that they stay small beside a million ended jobs.
 */
export const firstSchema = `
create table meta (
  id integer primary key check (id = 1),
  store_id text not null,
  commits integer not null
) strict;

create table jobs (
  id text primary key not null,
  account text not null,
  automation text not null,
  digest text,
  selector text not null,
  priority integer not null,
  timeout_seconds real,
  expires_at integer,
  retry_limit integer not null,
  retry_on text not null,
  traceparent text,
  created_at integer not null,
  secrets_wiped_at integer,
  state text not null,
  version integer not null,
  retries_used integer not null,
  never_started integer not null,
  offers integer not null,
  numbers integer not null,
  document_attempt_id text,
  document_ordinal integer not null,
  attempt_id text,
  attempt_number integer,
  agent_id text,
  agent_name text,
  cancel_requested_at integer,
  cause text,
  message text,
  started text,
  retry_safe integer,
  exit_code integer,
  signal text,
  started_at integer,
  finished_at integer,
  ended_at integer,
  labels text not null,
  secret_names text not null,
  log text,
  outputs text,
  parameters text not null,
  secrets blob
) strict;

create index jobs_by_account on jobs (account, id);
create index jobs_by_state on jobs (account, state, id);
create index jobs_by_automation on jobs (account, automation, state, id);
create index jobs_by_agent on jobs (account, agent_name, state, id) where agent_name is not null;
create index jobs_queued on jobs (id) where state = 'queued';
create index jobs_expiring on jobs (expires_at) where state = 'queued' and expires_at is not null;
create index jobs_unwiped on jobs (ended_at) where secrets_wiped_at is null and ended_at is not null;

create table job_labels (
  account text not null,
  key text not null,
  value text not null,
  job_id text not null,
  primary key (account, key, value, job_id)
) strict, without rowid;

create table idempotency (
  account text not null,
  key text not null,
  request_digest text not null,
  job_id text not null,
  created_at integer not null,
  primary key (account, key)
) strict, without rowid;

create table attempts (
  id text primary key not null,
  job_id text not null,
  account text not null,
  agent_id text not null,
  agent_name text not null,
  automation text not null,
  digest text,
  ordinal integer not null,
  lease_epoch integer not null,
  offered_at integer not null,
  version integer not null,
  state text not null,
  open integer,
  number integer,
  desired text not null,
  spec_version integer not null,
  folder_id text,
  document_sent_at integer,
  session_lease_epoch integer,
  session_opens integer,
  started_at integer,
  ended_at integer,
  log text,
  result text
) strict;

create unique index attempts_numbered on attempts (job_id, number) where number is not null;
create index attempts_open on attempts (id) where open is not null;
create index attempts_open_by_job on attempts (job_id, ordinal) where open is not null;
create index attempts_open_by_agent on attempts (agent_id, id) where open is not null;

create table agents (
  id text primary key not null,
  account text not null,
  name text not null,
  public_key text not null,
  labels text not null,
  join_token_id text not null,
  allowed_labels text not null,
  given_labels text not null,
  desired text not null,
  desired_version integer not null,
  created_at integer not null,
  revoked_at integer
) strict;

create unique index agents_by_name on agents (account, name) where revoked_at is null;

create table agent_reports (
  agent_id text primary key not null,
  report text not null,
  reported_at integer not null
) strict;

create table agent_leases (
  agent_id text primary key not null,
  owner text,
  epoch integer not null,
  expires_at integer not null,
  last_seen_at integer not null
) strict;

create table tokens (
  id text primary key not null,
  hash text not null unique,
  account text not null,
  role text not null,
  name text not null,
  expires_at integer,
  created_at integer not null,
  revoked_at integer
) strict;

create table join_tokens (
  id text primary key not null,
  hash text not null unique,
  account text not null,
  uses_left integer,
  expires_at integer,
  allowed_labels text not null,
  labels text not null,
  ephemeral integer not null,
  created_at integer not null
) strict;

create table audit (
  sequence integer primary key autoincrement,
  at integer not null,
  account text not null,
  actor text not null,
  action text not null,
  object text not null,
  data text not null
) strict;

create index audit_by_account on audit (account, sequence);
create index audit_by_object on audit (object, sequence);
`;
