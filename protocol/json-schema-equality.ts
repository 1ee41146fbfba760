import type { KeywordDefinition } from 'ajv';
import { toCanonicalJson } from './canonical-json.ts';
import type { JsonValue } from './json.ts';

function quoteList(values: readonly JsonValue[]): string {
  return values
    .map((value) => JSON.stringify(value))
    .join(', ')
    .slice(0, 500);
}

/**
 * `const`, `enum` and `uniqueItems` by canonical text. Those of ajv compare items pair by pair, and call methods that a
 * document can carry under the names `valueOf` and `toString`.
 */
export const equalityKeywords: readonly KeywordDefinition[] = [
  {
    keyword: 'const',
    compile: (wanted: JsonValue) => {
      const text = toCanonicalJson(wanted);
      return (data: JsonValue) => toCanonicalJson(data) === text;
    },
    error: { message: (context) => `must be ${quoteList([context.schema])}` },
  },
  {
    keyword: 'enum',
    schemaType: 'array',
    compile: (wanted: readonly JsonValue[]) => {
      const texts = new Set(wanted.map(toCanonicalJson));
      return (data: JsonValue) => texts.has(toCanonicalJson(data));
    },
    error: { message: (context) => `must be one of ${quoteList(context.schema)}` },
  },
  {
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    compile: (wanted: boolean) => (data: readonly JsonValue[]) =>
      !wanted || new Set(data.map(toCanonicalJson)).size === data.length,
    error: { message: 'must not hold the same item twice' },
  },
];
