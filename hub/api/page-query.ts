import { z } from 'zod';

const maxItems = 500;

/** Query of every route that lists. */
export const PageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, `expected a number from 1 to ${maxItems}`)
    .default('50')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= maxItems, `expected a number from 1 to ${maxItems}`)
    .meta({ parameter: { type: 'integer', minimum: 1, maximum: maxItems, default: 50 } })
    .describe(`how many at most, up to ${maxItems}`),
  cursor: z.string().min(1).max(1024).nullable().default(null).describe('nextCursor of the page before'),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** Of lists that show what stands, and as well what was revoked. */
export const RevokedQuery = {
  revoked: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .meta({ parameter: { type: 'boolean', default: false } })
    .describe('true: those that were revoked, in the place of those that stand'),
};
