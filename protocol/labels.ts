import { z } from 'zod';
import { createDictionary } from './dictionary.ts';

/**
 * Labels as in Kubernetes: a key is an optional DNS prefix and `/`, then up to 63 characters; a value is empty or up to 63.
 * Source: Kubernetes documentation, "Labels and Selectors", syntax and character set.
 */
const keyPattern =
  /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const valuePattern = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const maxKeyLength = 253 + 1 + 63;

export const LabelKey = z
  .string()
  .max(maxKeyLength)
  .regex(keyPattern, 'expected a label key such as "site" or "example.org/site"');

export const LabelValue = z
  .string()
  .regex(
    valuePattern,
    'expected a label value: empty, or up to 63 letters, digits, "-", "_", "." with a letter or digit at both ends',
  );

export const Labels = createDictionary(LabelKey, LabelValue);
export type Labels = Readonly<Record<string, string>>;

/** Labels under this prefix are set by the hub alone; an agent never claims one. */
export const hubLabelPrefix = 'farhand.io/';
