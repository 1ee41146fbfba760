import { z } from 'zod';
import { createDictionary } from './dictionary.ts';
import { ByteCount, Name, Timestamp } from './names.ts';
import { createOpenEnum } from './open-enum.ts';

const clusterTypes = ['kubernetes', 'mesos', 'marathon', 'other'] as const;

/** Which kind of cluster manager tells of a node or an app. `other`: of a kind that only a later version knows by name. */
export const ClusterType = createOpenEnum(clusterTypes, 'other');
export type ClusterType = (typeof clusterTypes)[number];

/** Name of a cluster: unique on one agent, and the first part of the ids of its nodes and apps. */
export const ClusterName = Name;

/** Id of a node or app: `<cluster>/<what the cluster manager calls it>`, unique on one agent. It stays the same for as long as it has its name. */
export const InventoryId = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\/[^\0]+$/u, 'expected CLUSTER/NAME, such as edge/default/deployment/web');

/** Labels as the cluster manager has them. Those of Kubernetes are labels as ours; attributes of others are any text. */
export const InventoryLabels = createDictionary(z.string().max(317), z.string().max(1024));

/** What a node has, or an app asks for. Null: not said. */
export const Resources = z.object({
  /** Cores: 0.5 is half of one. */
  cpu: z.number().min(0).nullable(),
  memoryBytes: ByteCount.nullable(),
  diskBytes: ByteCount.nullable(),
  gpus: z.number().min(0).nullable(),
});
export type Resources = Readonly<z.infer<typeof Resources>>;

const listStates = ['beginning', 'current', 'stale'] as const;

/**
 * How far the agent knows the nodes, or the apps, of a cluster.
 * `beginning`: not listed yet since the agent's start, so what was known before counts still. `current`: followed, the hub is told each change.
 * `stale`: the cluster cannot be reached, or does not let us; what is known is from before `since`.
 */
export const InventoryState = z.object({
  state: createOpenEnum(listStates, 'stale'),
  since: Timestamp,
  /** Why it is stale, and what to do; null where it is not. */
  message: z.string().max(1024).nullable(),
});
export type InventoryState = Readonly<z.infer<typeof InventoryState>>;

/** A cluster that an agent watches, in its report. */
export const ClusterReport = z.object({
  name: ClusterName,
  type: ClusterType,
  /** Of the cluster manager; null until it told. */
  version: z.string().max(256).nullable(),
  nodes: InventoryState,
  apps: InventoryState,
});
export type ClusterReport = Readonly<z.infer<typeof ClusterReport>>;
