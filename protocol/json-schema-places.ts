import type { JsonObject, JsonValue } from './json.ts';
import { keywords } from './json-schema-keywords.ts';

/** A schema within a schema. */
export interface SchemaPlace {
  readonly schema: JsonValue;
  readonly path: readonly (string | number)[];
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function getChildren(place: SchemaPlace): SchemaPlace[] {
  if (!isJsonObject(place.schema)) return [];
  return Object.entries(place.schema).flatMap(([keyword, value]): SchemaPlace[] => {
    const path = [...place.path, keyword];
    switch (keywords.get(keyword)) {
      case 'schema':
        return [{ schema: value, path }];
      case 'schema-list':
        return Array.isArray(value) ? value.map((schema: JsonValue, at) => ({ schema, path: [...path, at] })) : [];
      case 'schema-map':
      case 'pattern-map':
        return isJsonObject(value)
          ? Object.entries(value).map(([key, schema]) => ({ schema, path: [...path, key] }))
          : [];
      default:
        return [];
    }
  });
}

/** The schema and all schemas in it, in the order in which they are written. What stands in `default`, `const` and the like is no schema. */
export function listSchemaPlaces(schema: JsonValue): readonly SchemaPlace[] {
  const places: SchemaPlace[] = [];
  const open: SchemaPlace[] = [{ schema, path: [] }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    places.push(place);
    open.push(...getChildren(place).toReversed());
  }
  return places;
}
