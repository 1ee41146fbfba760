import { isDeepStrictEqual } from 'node:util';
import { maskObject } from '../../agent/masking/mask-object.ts';
import { createTextMask } from '../../agent/masking/text-mask.ts';
import type { JsonObject } from '../../protocol/json.ts';

/** What a program wrote as its outputs, as the automations of the simulation want them; null when it wrote none, `invalid` where they do not fit. */
function toOutputs(text: string | null): JsonObject | null | 'invalid' {
  if (text === null) return null;
  if (text.startsWith('word=')) return { word: text.slice('word='.length).trimEnd() };
  try {
    const value = JSON.parse(text) as JsonObject;
    return Number.isInteger(value['count'] ?? 0) ? value : 'invalid';
  } catch {
    return 'invalid';
  }
}

/** Whether these are the outputs that a program wrote, and nothing else. */
export function areOutputs(
  told: JsonObject | null,
  { text, secret }: { readonly text: string | null; readonly secret: string | null },
): boolean {
  const written = toOutputs(text);
  if (written === null || written === 'invalid') return told === null && written === null;
  return isDeepStrictEqual(told, maskObject(written, createTextMask(secret === null ? {} : { token: secret })));
}

export function areInvalidOutputs(text: string | null): boolean {
  return toOutputs(text) === 'invalid';
}
