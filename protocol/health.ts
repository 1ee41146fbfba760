import { z } from 'zod';

/** Answer of `/livez` and `/readyz` when all is well. */
export const Health = z.object({ status: z.literal('ok') });
