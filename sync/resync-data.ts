import { z } from 'zod';
import { Digest } from './digest.ts';
import { Scope } from './scope.ts';

/**
 * The payloads of resync events. `resourceVersions` and `statusHashes` are Open Cluster Management's; the other members are
 * ours, and travel only between two sides that are both ours (`ResourceCodec.digests`):
 *
 * - `scope`: what the list covers. Every piece of a long list says so for itself: it can be judged alone, and a lost piece
 *   leaves only its own part for later. Without `scope` a list of versions covers everything, and a list of hashes nothing
 *   but the ids in it, unless it is empty: then everything.
 * - `digest`: instead of a list. Who finds that its own differs answers with a finer one, which is answered by the lists of
 *   the buckets that differ.
 * - `sequenceID`: the highest sequence id that the source has seen of this agent.
 * - `gone`: ids that the agent has nothing to say about any more, out of a list of hashes or by itself; the source forgets them.
 */
const ResourceId = z.string().min(1).max(512);
const Version = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

export const ResourceVersion = z.object({ resourceID: ResourceId, resourceVersion: Version });
export type ResourceVersion = Readonly<z.infer<typeof ResourceVersion>>;

export const SpecResyncRequest = z.object({
  resourceVersions: z.array(ResourceVersion).nullish(),
  scope: Scope.optional(),
  digest: Digest.optional(),
});
export type SpecResyncRequest = Readonly<z.infer<typeof SpecResyncRequest>>;

export const StatusHash = z.object({ resourceID: ResourceId, statusHash: z.string().max(128) });
export type StatusHash = Readonly<z.infer<typeof StatusHash>>;

export const StatusResyncRequest = z.object({
  statusHashes: z.array(StatusHash).nullish(),
  scope: Scope.optional(),
  digest: Digest.optional(),
  sequenceID: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
});
export type StatusResyncRequest = Readonly<z.infer<typeof StatusResyncRequest>>;

/** A resync response about no resource in particular. */
export const ResyncNote = z.object({ digest: Digest.optional(), gone: z.array(ResourceId).optional() });
export type ResyncNote = Readonly<z.infer<typeof ResyncNote>>;
