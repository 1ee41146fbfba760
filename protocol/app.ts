import { z } from 'zod';
import { ClusterName, ClusterType, InventoryId, InventoryLabels, Resources } from './cluster.ts';
import { Timestamp } from './names.ts';
import { createOpenEnum } from './open-enum.ts';

const ShortText = z.string().max(256);
const Count = z.int().min(0);

const appKinds = ['deployment', 'statefulset', 'daemonset', 'marathon-app', 'other'] as const;

const appStates = ['running', 'changing', 'degraded', 'stopped', 'unknown'] as const;

/**
 * `running`: all instances that are wanted are there, of the newest version. `changing`: it is on its way to what is wanted. `degraded`: fewer are there
 * than wanted, or it does not get on. `stopped`: none is wanted, and none is there. `unknown`: the cluster manager has not looked at it yet.
 */
export type AppState = (typeof appStates)[number];

/** Status of an `apps` resource, by its `id`: something that runs in so many instances on the nodes of a cluster that the agent watches. */
export const AppReport = z.object({
  id: InventoryId,
  cluster: ClusterName,
  type: ClusterType,
  kind: createOpenEnum(appKinds, 'other'),
  /** Null where the cluster manager has none. */
  namespace: ShortText.nullable(),
  name: ShortText,
  /** The cluster manager's own id: another one where an app of the same name was made anew. */
  uid: ShortText.nullable(),
  state: createOpenEnum(appStates, 'unknown'),
  /** Why it is degraded, in the cluster manager's words; null where it does not say. */
  message: z.string().max(1024).nullable(),
  labels: InventoryLabels,
  /** Of its containers, each once, in their order. Empty where it runs without. */
  images: z.array(z.string().max(1024)).max(64),
  instances: z.object({
    wanted: Count,
    /** There, in whatever state. */
    running: Count,
    /** Of the newest version. */
    updated: Count,
    ready: Count,
    /** Ready for as long as the app wants before it counts. */
    available: Count,
  }),
  /** What one instance asks for: its containers together. */
  requests: Resources,
  /** What one instance may have at most; null for what is not bounded. */
  limits: Resources,
  createdAt: Timestamp.nullable(),
});
export type AppReport = Readonly<z.infer<typeof AppReport>>;
