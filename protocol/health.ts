import { z } from 'zod';

/** Answer of `/livez` and `/readyz` when all is well. */
export const Health = z.object({
  status: z.literal('ok'),
  held: z
    .string()
    .optional()
    .describe('of a hub that does its work but offers no job until somebody did something: why'),
});
