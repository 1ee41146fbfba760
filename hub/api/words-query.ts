import { z } from 'zod';

/** A key of a query that came once or more often. */
export const Texts = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((texts) => [texts].flat());

/** The same, each with one or more of these words between commas. */
export function manyOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return Texts.transform((texts) => texts.flatMap((text) => text.split(',')))
    .pipe(z.array(z.enum(words, { error: `expected ${words.join(', ')}` })))
    .meta({ parameter: { type: 'array', items: { type: 'string', enum: [...words] } } });
}
