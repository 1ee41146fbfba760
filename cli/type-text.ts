import type { JsonObject, JsonValue } from '../protocol/json.ts';

/** Whether lists may be changed by who has them: what is sent is only read, what came is the caller's own. */
export type Direction = 'sent' | 'received';

/** A JSON Schema, of the kind that the API's description has, as a TypeScript type. What it does not know is any JSON. */
export function toTypeText(schema: JsonObject, direction: Direction): string {
  const { $ref, anyOf, enum: values, type } = schema;
  if (typeof $ref === 'string') return $ref.split('/').at(-1) ?? 'JsonValue';
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ');
  if (Array.isArray(anyOf)) return anyOf.map((one) => toTypeText(one as JsonObject, direction)).join(' | ');
  if (Array.isArray(type))
    return type.map((one) => toTypeText({ ...schema, type: one as JsonValue }, direction)).join(' | ');
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return `${direction === 'sent' ? 'readonly ' : ''}(${toTypeText((schema['items'] as JsonObject | undefined) ?? {}, direction)})[]`;
    case 'object':
      return toObjectText(schema, direction);
    default:
      return 'JsonValue';
  }
}

function toObjectText({ properties, required = [], additionalProperties }: JsonObject, direction: Direction): string {
  if (properties === undefined) {
    const isDictionary = typeof additionalProperties === 'object' && additionalProperties !== null;
    return isDictionary
      ? `Readonly<Record<string, ${toTypeText(additionalProperties as JsonObject, direction)}>>`
      : 'JsonObject';
  }
  const lines = Object.entries(properties as JsonObject).map(([name, value]) => {
    const schema = value as JsonObject;
    const isRequired = (required as readonly string[]).includes(name);
    return `${toDoc(schema)}readonly ${name}${isRequired ? '' : '?'}: ${toTypeText(schema, direction)}${isRequired ? '' : ' | undefined'};`;
  });
  return `{\n${lines.join('\n')}\n}`;
}

/** A comment of what the schema says of itself, with a line end; empty when it says nothing. */
export function toDoc({ description }: JsonObject): string {
  if (typeof description !== 'string' || description === '') return '';
  const lines = description.replaceAll('*/', '* /').split('\n');
  return lines.length === 1
    ? `/** ${lines[0]} */\n`
    : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join('\n')}\n */\n`;
}
