/**
 * What the value of a keyword must be. `schema…` and `schemas…` hold schemas themselves; `note` is an annotation that may
 * be anything.
 */
export type KeywordForm =
  | 'schema'
  | 'schema-list'
  | 'schema-map'
  | 'pattern-map'
  | 'strings-map'
  | 'strings'
  | 'string'
  | 'text'
  | 'pattern'
  | 'format'
  | 'reference'
  | 'types'
  | 'list'
  | 'number'
  | 'positive'
  | 'count'
  | 'boolean'
  | 'note';

const keywordsByForm: readonly (readonly [KeywordForm, readonly string[]])[] = [
  ['text', ['$schema', '$id', '$comment', 'title', 'description', 'contentEncoding', 'contentMediaType']],
  ['string', ['$anchor']],
  ['reference', ['$ref']],
  ['schema-map', ['$defs', 'properties', 'dependentSchemas']],
  ['types', ['type']],
  ['list', ['enum']],
  ['note', ['const', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'contentSchema']],
  ['schema-list', ['allOf', 'anyOf', 'oneOf', 'prefixItems']],
  [
    'schema',
    [
      'not',
      'if',
      'then',
      'else',
      'additionalProperties',
      'unevaluatedProperties',
      'propertyNames',
      'items',
      'unevaluatedItems',
      'contains',
    ],
  ],
  ['pattern-map', ['patternProperties']],
  ['strings-map', ['dependentRequired']],
  ['strings', ['required']],
  [
    'count',
    ['minProperties', 'maxProperties', 'minContains', 'maxContains', 'minItems', 'maxItems', 'minLength', 'maxLength'],
  ],
  ['boolean', ['uniqueItems']],
  ['pattern', ['pattern']],
  ['format', ['format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']],
  ['positive', ['multipleOf']],
];

/** The keywords of JSON Schema 2020-12 that are understood. Source: its core, applicator, validation and meta-data vocabularies. */
export const keywords: ReadonlyMap<string, KeywordForm> = new Map(
  keywordsByForm.flatMap(([form, names]) => names.map((name) => [name, form] as const)),
);

export const typeNames = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
