/**
 * Nodes and apps that agents tell of. What lists are searched by stands before the long texts, so that a search does not read those. The
 * sums follow the rows by triggers, in the same transaction: how much an agent has is known without counting.
 */
export const inventorySchema = `
create table inventory (
  id text primary key not null,
  account text not null,
  agent_id text not null,
  list text not null,
  resource_id text not null,
  cluster text not null,
  namespace text,
  kind text,
  name text not null,
  state text not null,
  hash text not null,
  shape text not null,
  first_seen_at integer not null,
  changed_at integer not null,
  bytes integer not null,
  labels text not null,
  report text not null
) strict;

create unique index inventory_by_agent on inventory (agent_id, list, resource_id);
create index inventory_by_name on inventory (account, list, name, id);
create index inventory_by_namespace on inventory (account, list, namespace, name, id);
create index inventory_by_agent_name on inventory (agent_id, list, name, id);

create table inventory_sums (
  agent_id text not null,
  cluster text not null,
  list text not null,
  items integer not null,
  bytes integer not null,
  primary key (agent_id, cluster, list)
) strict, without rowid;

create trigger inventory_added after insert on inventory
begin
  insert or ignore into inventory_sums (agent_id, cluster, list, items, bytes)
    values (new.agent_id, new.cluster, new.list, 0, 0);
  update inventory_sums set items = items + 1, bytes = bytes + new.bytes
    where agent_id = new.agent_id and cluster = new.cluster and list = new.list;
end;

create trigger inventory_changed after update of bytes on inventory when old.bytes <> new.bytes
begin
  update inventory_sums set bytes = bytes + new.bytes - old.bytes
    where agent_id = new.agent_id and cluster = new.cluster and list = new.list;
end;

create trigger inventory_removed after delete on inventory
begin
  update inventory_sums set items = items - 1, bytes = bytes - old.bytes
    where agent_id = old.agent_id and cluster = old.cluster and list = old.list;
  delete from inventory_sums
    where agent_id = old.agent_id and cluster = old.cluster and list = old.list and items = 0;
end;
`;
