import { z } from 'zod';
import { ClusterName, ClusterType, InventoryId, InventoryLabels, Resources } from './cluster.ts';
import { Timestamp } from './names.ts';
import { createOpenEnum } from './open-enum.ts';

const ShortText = z.string().max(256);

const nodeStates = ['ready', 'not-ready', 'unknown'] as const;

/** `not-ready`: it says so of itself. `unknown`: the cluster does not hear of it. */
export type NodeState = (typeof nodeStates)[number];

/** Status of a `nodes` resource, by its `id`: a machine of a cluster that the agent watches. What changes without anything having happened (signs of life) is left out. */
export const NodeReport = z.object({
  id: InventoryId,
  cluster: ClusterName,
  type: ClusterType,
  name: ShortText,
  /** The cluster manager's own id: another one where a node of the same name was made anew. */
  uid: ShortText.nullable(),
  state: createOpenEnum(nodeStates, 'unknown'),
  /** Why it is not ready, or what presses it; null where nothing does. */
  message: z.string().max(1024).nullable(),
  /** False: nothing new is put there (cordoned, deactivated, draining). */
  schedulable: z.boolean(),
  addresses: z.array(z.object({ type: ShortText, address: ShortText })).max(32),
  labels: InventoryLabels,
  /** What keeps apps away that do not tolerate it. */
  taints: z.array(z.object({ key: z.string().max(317), value: ShortText, effect: ShortText })).max(64),
  capacity: Resources,
  /** What of it apps may have. */
  allocatable: Resources,
  /** What of it is given away; null where the cluster manager does not say. */
  used: Resources.nullable(),
  /** The most instances of apps that may be there; null where nothing limits them. */
  maxInstances: z.int().min(0).nullable(),
  /** Of the cluster manager's program on the node. */
  version: ShortText.nullable(),
  platform: z.object({
    os: ShortText.nullable(),
    arch: ShortText.nullable(),
    kernel: ShortText.nullable(),
    runtime: ShortText.nullable(),
  }),
  createdAt: Timestamp.nullable(),
});
export type NodeReport = Readonly<z.infer<typeof NodeReport>>;
