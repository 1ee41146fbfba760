import { z } from 'zod';

const text = z.string().catch('');

/** `kind: Status`, as far as it is used (`k8s.io/apimachinery`, meta/v1). */
export const ApiStatus = z.object({
  kind: z.literal('Status'),
  message: text,
  reason: text,
  code: z.number().catch(0),
  details: z
    .object({
      causes: z.array(z.object({ reason: text, message: text, field: text })).catch([]),
      retryAfterSeconds: z.number().min(0).nullable().catch(null),
    })
    .nullable()
    .catch(null),
});
export type ApiStatus = z.infer<typeof ApiStatus>;
