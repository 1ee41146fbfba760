import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import { protocolSchemas } from '../../../protocol/json-schemas.ts';
import { schemaExamples } from './schema-examples.ts';

/** Zod schemas as JSON Schema (2020-12). What `protocolSchemas` names is referred to by its name, and so are pages of it. */
export class NamedSchemas {
  readonly #ids = z.registry<{ id: string }>();
  readonly #named = new Set<string>();
  readonly #pages = new Map<string, z.ZodType>();
  #converted: Readonly<Record<string, JsonObject>> = {};
  #inline = 0;

  constructor() {
    for (const [id, schema] of Object.entries(protocolSchemas)) this.#add(id, schema);
  }

  /** To be called for every schema before any is asked for. */
  collect(schema: z.ZodType): void {
    if (this.#ids.get(schema) !== undefined) return;
    const page = this.#toPageName(schema);
    if (page === undefined) this.#ids.add(schema, { id: `inline/${this.#inline++}` });
    else if (!this.#pages.has(page)) {
      this.#pages.set(page, schema);
      this.#add(page, schema);
    }
  }

  convert(): void {
    const { schemas } = z.toJSONSchema(this.#ids, {
      io: 'input',
      unrepresentable: 'any',
      uri: (id) => `#/components/schemas/${id}`,
    });
    this.#converted = Object.fromEntries(
      Object.entries(schemas).map(([id, schema]) => [id, tidy(schema as unknown as JsonObject) as JsonObject]),
    );
  }

  /** A reference, or the schema itself when it has no name. */
  refer(schema: z.ZodType): JsonObject {
    const id = this.#toPageName(schema) ?? this.#ids.get(schema)?.id ?? '';
    if (this.#named.has(id)) return { $ref: `#/components/schemas/${id}` };
    return this.#converted[id] ?? {};
  }

  /** The schema itself, named or not. */
  resolve(schema: z.ZodType): JsonObject {
    return this.#converted[this.#ids.get(schema)?.id ?? ''] ?? {};
  }

  /** Those that the rest of a document refers to, directly or through each other. */
  components(document: JsonValue): JsonObject {
    const used = new Set<string>();
    const follow = (value: JsonValue) => {
      for (const [, id = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        if (used.has(id)) continue;
        used.add(id);
        follow(this.#converted[id] ?? {});
      }
    };
    follow(document);
    return Object.fromEntries(
      [...used].toSorted().map((id) => {
        const example = schemaExamples[id];
        return [id, { ...this.#converted[id], ...(example === undefined ? {} : { examples: [example] }) }];
      }),
    );
  }

  #add(id: string, schema: z.ZodType): void {
    this.#ids.add(schema, { id });
    this.#named.add(id);
  }

  #toPageName(schema: z.ZodType): string | undefined {
    if (!(schema instanceof z.ZodObject) || !(schema.shape['items'] instanceof z.ZodArray)) return undefined;
    if (!('nextCursor' in schema.shape)) return undefined;
    const item = this.#ids.get(schema.shape['items'].element as z.ZodType)?.id;
    return item === undefined ? undefined : `${item}Page`;
  }
}

/** A choice in a choice is one choice: not every generator of clients sees that. */
function flatten(choices: JsonValue): JsonValue {
  return (choices as readonly JsonObject[]).flatMap((one) =>
    Object.keys(one).length === 1 && Array.isArray(one['anyOf']) ? (one['anyOf'] as JsonObject[]) : [one],
  );
}

/**
 * Leaves out what says nothing: names that zod adds, bounds of every JavaScript number, patterns of what has a format. A constant is an
 * enumeration of one, which more generators of clients read rightly.
 */
function tidy(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(tidy);
  if (value === null || typeof value !== 'object') return value;
  const schema = value as JsonObject;
  const isNoise = (key: string, inner: JsonValue) =>
    ['$schema', '$id', '~standard'].includes(key) ||
    (key === 'maximum' && inner === Number.MAX_SAFE_INTEGER) ||
    (key === 'minimum' && inner === Number.MIN_SAFE_INTEGER) ||
    (key === 'pattern' && typeof schema['format'] === 'string');
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, inner]) => !isNoise(key, inner))
      .map(([key, inner]) =>
        key === 'const' ? ['enum', [inner]] : [key, key === 'anyOf' ? flatten(tidy(inner)) : tidy(inner)],
      ),
  );
}
