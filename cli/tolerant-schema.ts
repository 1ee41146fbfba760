import { z } from 'zod';

/**
 * A schema for what a hub of another version may answer: what an older one does not say yet and may be null is null, and what a newer one
 * says beyond it is kept. `changes` says what else may be missing, and which words may be new.
 */
export function toTolerant(schema: z.ZodObject, changes: z.ZodRawShape = {}): z.ZodObject {
  const fields = Object.entries({ ...schema.shape, ...changes }).map(([name, field]) => {
    const type = field as z.ZodType;
    return [name, type.safeParse(null).success ? type.default(null) : type] as const;
  });
  return z.looseObject(Object.fromEntries(fields));
}
