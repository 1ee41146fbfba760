/**
 * What was set for an account, and how much its logs take. The sum follows `attempts.log_bytes` by triggers, in the same transaction, so that
 * neither a crash nor a way of changing an attempt that comes later sets them apart.
 */
export const quotaSchema = `
create table account_quotas (
  account text primary key not null,
  version integer not null,
  quotas text not null
) strict, without rowid;

create table account_logs (
  account text primary key not null,
  bytes integer not null
) strict, without rowid;

insert into account_logs (account, bytes)
  select account, sum(log_bytes) from attempts where log_bytes is not null group by account;

create trigger attempt_log_stored after update of log_bytes on attempts
  when coalesce(old.log_bytes, 0) <> coalesce(new.log_bytes, 0)
begin
  insert or ignore into account_logs (account, bytes) values (new.account, 0);
  update account_logs set bytes = bytes + coalesce(new.log_bytes, 0) - coalesce(old.log_bytes, 0)
    where account = new.account;
end;

create trigger attempt_log_removed after delete on attempts when old.log_bytes is not null
begin
  update account_logs set bytes = bytes - old.log_bytes where account = old.account;
end;

create index tokens_by_account on tokens (account, id);
create index join_tokens_by_account on join_tokens (account, id);
`;
