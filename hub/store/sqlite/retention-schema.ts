/**
 * What retention goes by: logs that are there, jobs by their end, and what is remembered of that which was removed. `log_removals` holds the
 * logs whose files are still to be deleted, so that a crash between the commit and the deletion leaves none behind.
 */
export const retentionSchema = `
alter table attempts add column log_bytes integer;
update attempts set log_bytes = json_extract(log, '$.bytes')
  where ended_at is not null and log is not null and json_extract(log, '$.bytes') > 0;

create index attempts_by_job on attempts (job_id);
create index attempts_logged on attempts (ended_at, id, log_bytes) where log_bytes is not null;
create index jobs_ended on jobs (account, ended_at, id) where ended_at is not null;
create index idempotency_by_job on idempotency (job_id);

create table removed_attempts (
  id text primary key not null,
  agent_id text not null,
  answer text not null,
  removed_at integer not null
) strict, without rowid;

create index removed_attempts_by_time on removed_attempts (removed_at);

create table log_removals (
  attempt_id text primary key not null
) strict, without rowid;

create table retention (
  id integer primary key check (id = 1),
  lived_to integer,
  audit_removed_through integer not null
) strict;

insert into retention (id, lived_to, audit_removed_through) values (1, null, 0);
`;
