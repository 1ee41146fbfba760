import { z } from 'zod';
import { Name } from './names.ts';

/** Answer of `POST /trust-store`. */
export const TrustedStore = z.object({
  agents: z
    .array(Name)
    .describe('those that have seen the store further than it is, and held up jobs; empty when none did'),
});
