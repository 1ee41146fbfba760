import { z } from 'zod';
import { getReferences, parseTemplate } from './template.ts';

const Placeholder = z.string().refine((text) => getReferences(parseTemplate(text)).length > 0, { abort: true });

/** A key whose value is of `schema`, or text with a placeholder that may become such a value: then who fills it in checks it. */
export function templatedKey(schema: z.ZodType): z.ZodType {
  return z.union([schema, Placeholder]);
}
