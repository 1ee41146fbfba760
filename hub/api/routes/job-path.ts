import { z } from 'zod';
import { Id } from '../../../protocol/names.ts';

/** `:id` of a job. */
export const JobPath = z.object({ id: Id });

/** `:id` of a job, `:number` of one of its attempts. */
export const AttemptPath = z.object({
  id: Id,
  number: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .transform(Number),
});
