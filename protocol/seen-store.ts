import { z } from 'zod';
import { Id } from './names.ts';

/** How far a hub's store is, as a hub tells it: which store, which start of a hub on it, and how many commits. */
export const StorePlace = z.object({
  storeId: Id,
  /** Random, made by each start of a hub. Null: the hub was of a version that makes none. */
  startId: Id.nullable(),
  commits: z.int().min(0),
});
export type StorePlace = Readonly<z.infer<typeof StorePlace>>;

/** The furthest that an agent was told of, with the epoch of its newest lease then. */
export const SeenStore = StorePlace.extend({ leaseEpoch: z.int().min(0) });
export type SeenStore = Readonly<z.infer<typeof SeenStore>>;
