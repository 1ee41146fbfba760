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

/** The keywords of JSON Schema 2020-12 that are understood. Source: its core, validation and meta-data vocabularies. */
export const keywords: Readonly<Record<string, KeywordForm>> = {
  $schema: 'text',
  $id: 'text',
  $comment: 'text',
  $anchor: 'string',
  $ref: 'reference',
  $defs: 'schema-map',
  type: 'types',
  enum: 'list',
  const: 'note',
  allOf: 'schema-list',
  anyOf: 'schema-list',
  oneOf: 'schema-list',
  not: 'schema',
  if: 'schema',
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
  then: 'schema',
  else: 'schema',
  properties: 'schema-map',
  patternProperties: 'pattern-map',
  additionalProperties: 'schema',
  unevaluatedProperties: 'schema',
  propertyNames: 'schema',
  dependentSchemas: 'schema-map',
  dependentRequired: 'strings-map',
  required: 'strings',
  minProperties: 'count',
  maxProperties: 'count',
  prefixItems: 'schema-list',
  items: 'schema',
  unevaluatedItems: 'schema',
  contains: 'schema',
  minContains: 'count',
  maxContains: 'count',
  minItems: 'count',
  maxItems: 'count',
  uniqueItems: 'boolean',
  minLength: 'count',
  maxLength: 'count',
  pattern: 'pattern',
  format: 'format',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'positive',
  title: 'text',
  description: 'text',
  default: 'note',
  examples: 'note',
  deprecated: 'note',
  readOnly: 'note',
  writeOnly: 'note',
  contentEncoding: 'text',
  contentMediaType: 'text',
  contentSchema: 'note',
};

export const typeNames = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
