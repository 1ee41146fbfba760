import type { JsonObject } from '../../protocol/json.ts';
import type { LabelSelector } from '../../protocol/label-selector.ts';
import type { Labels } from '../../protocol/labels.ts';

/** Which of the two lists of a cluster. */
export type InventoryList = 'nodes' | 'apps';

/** One node or app as its agent told of it last. The store knows what lists are searched by; the rest is the protocol's. */
export interface InventoryItem {
  /** Of the agent: unique among what it tells of in this list. */
  readonly resourceId: string;
  readonly cluster: string;
  readonly namespace: string | null;
  readonly kind: string | null;
  readonly name: string;
  readonly state: string;
  readonly labels: Labels;
  /** All of it but the labels. */
  readonly report: JsonObject;
  /** By the agent's word: what both sides are compared by. */
  readonly hash: string;
  /** Which form of the report this hub knew when it took it. One that knows another asks for all of them again. */
  readonly shape: string;
}

export type InventoryChange =
  | { readonly type: 'put'; readonly list: InventoryList; readonly item: InventoryItem }
  | { readonly type: 'gone'; readonly list: InventoryList; readonly resourceId: string };

/** Part of `Commands`: the nodes and apps of the clusters that agents watch. */
export interface InventoryCommands {
  /** Changes of one agent, in their order. `refused` are those for which there is no room: an agent has so many rows and bytes. */
  'record-inventory': {
    input: { readonly agentId: string; readonly changes: readonly InventoryChange[]; readonly at: number };
    result:
      | { readonly type: 'recorded'; readonly written: number; readonly refused: number }
      | { readonly type: 'unknown' };
  };
  /** A bounded number of rows of agents that were revoked or removed: until they are gone nobody is shown them. */
  'remove-inventory': { input: { readonly at: number }; result: { readonly rows: number } };
}

/** Each null or empty: whatever it is. All that are given must hold. */
export interface InventoryFilter {
  /** Name of an agent of the account. */
  readonly agent: string | null;
  readonly cluster: string | null;
  readonly namespace: string | null;
  readonly kinds: readonly string[];
  readonly states: readonly string[];
  readonly namePrefix: string;
  readonly labels: LabelSelector;
}

export interface InventoryRecord {
  /** Of the account, and the same for as long as its agent and its name are. */
  readonly id: string;
  readonly agent: { readonly id: string; readonly name: string; readonly lastSeenAt: number | null };
  /** As it was stored, maybe by another version of this program. */
  readonly report: JsonObject;
  readonly firstSeenAt: number;
  /** When it became what it is. */
  readonly changedAt: number;
}

/** How much of one list of one cluster an agent told of. */
export interface InventorySum {
  readonly agentId: string;
  readonly cluster: string;
  readonly list: InventoryList;
  readonly rows: number;
}
