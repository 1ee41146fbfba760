import type { Cause } from '../../protocol/cause.ts';

/** What a platform may give as the reason why a command ended, or never began, where there is more to say than an exit status. */
export const platformCauses = [
  'out-of-memory',
  'image-pull',
  'evicted',
  'unschedulable',
  'node-lost',
  'pod-deleted',
  'forbidden',
  'cluster-quota',
  'start-failed',
  'timeout',
  'process-lost',
] as const satisfies readonly Cause[];

export type PlatformCause = (typeof platformCauses)[number];
