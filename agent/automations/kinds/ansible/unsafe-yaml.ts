import type { JsonValue } from '../../../../protocol/json.ts';

/**
 * A string in double quotes, as YAML 1.1 reads it. Whatever is not printable ASCII is escaped: the parser of Ansible takes U+2028 and
 * U+0085 for the ends of lines, refuses some characters, and does not join surrogates that are escaped one by one.
 */
function quote(text: string): string {
  return `"${text.toWellFormed().replace(/["\\]|[^\x20-\x7e]/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  })}"`;
}

/**
 * Texts that YAML 1.1 would take for something else without quotes, and some more. Ansible 2.19 does so with a marked text in spite of its
 * quotes: `!unsafe "1.10"` is a number there. None of them can be a template, or an expression that calls anything. Python's `$` stands
 * before a last newline too.
 */
const ambiguous =
  /^(?:[-+]?[0-9.][0-9a-fA-FxXtTzZ_.:+\- \t]*|[-+]?\.(?:inf|nan)|y|n|yes|no|true|false|on|off|null|~|<<|=|)\n?$/i;

/** An exponent without a dot would be text for YAML 1.1. */
function toNumber(value: number): string {
  const text = JSON.stringify(value);
  return text.includes('e') ? `!!float "${text}"` : text;
}

function toKey(key: string): string {
  return key.includes('{') ? `!unsafe ${quote(key)}` : quote(key);
}

/**
 * A JSON value as YAML in which no text is a template, nor an expression: each string that could be one is marked `!unsafe`, one by one,
 * because Ansible does not mark what stands inside a marked list or object. What a job gives is therefore never evaluated, whatever it
 * holds, and stays what it is: text is text.
 */
export function toUnsafeYaml(value: JsonValue): string {
  if (typeof value === 'string') return ambiguous.test(value) ? quote(value) : `!unsafe ${quote(value)}`;
  if (typeof value === 'number') return toNumber(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => toUnsafeYaml(item)).join(', ')}]`;
  // With "?" a key may be as long as it likes.
  const entries = Object.entries(value).map(([key, item]) => `? ${toKey(key)} : ${toUnsafeYaml(item)}`);
  return `{${entries.join(', ')}}`;
}

/** A template of ours: the one kind of text that Ansible shall evaluate. */
export function toTemplateYaml(template: string): string {
  return quote(template);
}
