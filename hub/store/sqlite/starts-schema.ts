/**
 * The store's own past: one row for each start of a hub on it, with the count of commits at that moment, and what agents said of a past that is
 * not in it. `given_up_starts` are those that somebody said are lost: what agents know of them holds up nobody any more.
 */
export const startsSchema = `
create table starts (
  sequence integer primary key,
  id text not null unique,
  commits integer not null
) strict;

create table agents_ahead (
  agent_id text primary key not null,
  start_id text not null,
  commits integer not null,
  told_at integer not null
) strict, without rowid;

create table given_up_starts (
  start_id text primary key not null,
  given_up_at integer not null
) strict, without rowid;
`;
