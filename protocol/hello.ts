import { z } from 'zod';
import { Id, Name } from './names.ts';
import { SeenStore } from './seen-store.ts';

/** Data of the hub's first event on a control channel. */
export const HubHello = z.object({
  hub: z.string().max(256),
  version: z.string().max(64),
  /** Random, made with the store. Another one means that the store was lost. */
  storeId: Id,
  /** Grows with every commit. A lower one than seen before means that the store was restored. */
  commits: z.int().min(0),
  /** Of this start of a hub on the store, random. Null: of a version that makes none. */
  startId: Id.nullable().default(null),
  /**
   * How many commits the start that the agent named in its hello has had, which may be this one. Null: there was no such start of a hub on this store, or
   * the agent named none.
   */
  commitsOfSeen: z.int().min(0).nullable().default(null),
  /** Epoch of the lease that this channel took. */
  leaseEpoch: z.int().min(1),
  agent: z.object({ id: Id, name: Name, account: Name }),
  /** Which protocol versions the hub speaks; the highest common one holds. */
  protocols: z.array(z.int()).min(1),
  /**
   * The hub is leaving: the agent is to open another channel, to wherever its address leads then, so long from now, and to leave this one when
   * that is up.
   */
  leaving: z
    .object({ reconnectInMs: z.int().min(0) })
    .nullable()
    .default(null),
});
export type HubHello = Readonly<z.infer<typeof HubHello>>;

/** Data of the agent's first event on a control channel. */
export const AgentHello = z.object({
  version: z.string().max(64),
  bootId: z.string().max(256),
  protocols: z.array(z.int()).min(1),
  /** Attempts whose folders the agent holds, so that a hub can tell a restart from a lost disk. */
  attempts: z.int().min(0),
  /** What it knows of a hub's store, this hub's or another's. Null: nothing yet, or it is of a version that does not say. */
  seen: SeenStore.nullable().default(null),
});
export type AgentHello = Readonly<z.infer<typeof AgentHello>>;

export const protocolVersion = 1;

/** Null when the other side speaks it too; else what to say and do about it. */
export function findProtocolGap(
  { version, protocols }: { readonly version: string; readonly protocols: readonly number[] },
  who: 'agent' | 'hub',
): string | null {
  if (protocols.includes(protocolVersion)) return null;
  const other = who === 'agent' ? 'hub' : 'agent';
  return `the ${who} (farhand ${version}) speaks protocol ${protocols.join(', ')}, this ${other} speaks ${protocolVersion}: bring the older one up to date`;
}
