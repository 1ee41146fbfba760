import { z } from 'zod';

/** What a later version may call something. */
const laterWord = /^[a-z][a-z0-9-]{0,63}$/;

/**
 * A word out of a list that a later version of the other side may have made longer: one that is not on our list is read as
 * `fallback`, so that what it stands in is not lost. For words that only tell. One that decides what is done (`desired`,
 * `outcome`) stays closed: it gets company only with another protocol version.
 */
export function createOpenEnum<const Words extends readonly [string, ...string[]]>(
  words: Words,
  fallback: Words[number],
): z.ZodType<Words[number], string> {
  const later = z.string().regex(laterWord, `expected one of ${words.join(', ')}, or a word like them`);
  return z.union([z.enum(words), later.transform(() => fallback)]) as z.ZodType<Words[number], string>;
}
