import type { JsonValue } from '../protocol/json.ts';

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/**
 * JSON with sorted keys and no spaces, the same text for equal values: as Go's encoder writes a generic map, HTML characters
 * escaped, because Open Cluster Management hashes that. Members that are undefined are left out.
 */
export function toCanonicalJson(value: JsonValue): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([left], [right]) => compareBytes(left, right));
  return `{${members.map(([key, member]) => `${quote(key)}:${toCanonicalJson(member)}`).join(',')}}`;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function quote(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? '');
}

/** The order of UTF-8 bytes, which is that of code points and not quite that of `<`. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
