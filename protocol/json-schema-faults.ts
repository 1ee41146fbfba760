import type { JsonValue } from './json.ts';
import { findKeywordFault } from './json-schema-keyword-fault.ts';
import { isJsonObject, listSchemaPlaces, type SchemaPlace } from './json-schema-places.ts';
import { toPointer } from './parse.ts';
import { toPatternSize } from './pattern-size.ts';
import type { Issue } from './protocol-error.ts';

const dialect = 'https://json-schema.org/draft/2020-12/schema';

const maxFaults = 20;

/** More would take too long to compile. */
const maxPlaces = 2000;

/** Of all regular expressions together: each is compiled to see whether it is one. */
const maxPatternSize = 100_000;

function findReferenceFault(reference: JsonValue, targets: ReadonlySet<string>): string | null {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return null;
  try {
    if (targets.has(decodeURIComponent(reference.slice(1)))) return null;
  } catch {
    return `expected a reference such as "#/$defs/port", got ${JSON.stringify(reference)}`;
  }
  return `there is no schema at ${JSON.stringify(reference)}`;
}

function findIdentityFault(keyword: string, value: JsonValue, isRoot: boolean): string | null {
  if (keyword === '$id' && !isRoot) return 'only the whole schema may have an "$id"';
  if (keyword !== '$schema' || value === dialect || value === `${dialect}#`) return null;
  return `expected "${dialect}", or leave it out`;
}

function findPlaceFaults(place: SchemaPlace, targets: ReadonlySet<string>): Issue[] {
  if (typeof place.schema === 'boolean') return [];
  if (!isJsonObject(place.schema)) {
    return [{ pointer: toPointer(place.path), message: 'expected a schema (an object or a boolean)' }];
  }
  return Object.entries(place.schema).flatMap(([keyword, value]) => {
    const message =
      findKeywordFault(keyword, value) ??
      findIdentityFault(keyword, value, place.path.length === 0) ??
      (keyword === '$ref' ? findReferenceFault(value, targets) : null);
    return message === null ? [] : [{ pointer: toPointer([...place.path, keyword]), message }];
  });
}

function getAnchors(place: SchemaPlace): string[] {
  const anchor = isJsonObject(place.schema) ? place.schema['$anchor'] : undefined;
  return typeof anchor === 'string' ? [anchor] : [];
}

function findSharedAnchors(places: readonly SchemaPlace[]): Issue[] {
  const taken = new Set<string>();
  return places.flatMap((place) =>
    getAnchors(place).flatMap((anchor) => {
      const isTaken = taken.has(anchor);
      taken.add(anchor);
      if (!isTaken) return [];
      return [{ pointer: toPointer([...place.path, '$anchor']), message: `"${anchor}" is taken by another schema` }];
    }),
  );
}

function toPatternsSize({ schema }: SchemaPlace): number {
  if (!isJsonObject(schema)) return 0;
  const { pattern, patternProperties } = schema;
  const names = isJsonObject(patternProperties) ? Object.keys(patternProperties) : [];
  const patterns = typeof pattern === 'string' ? [pattern, ...names] : names;
  return patterns.reduce((sum, one) => sum + toPatternSize(one), 0);
}

/** Everything in a JSON Schema that is not taken, each with its place; the first 20. */
export function findSchemaFaults(schema: JsonValue): readonly Issue[] {
  const places = listSchemaPlaces(schema);
  if (places.length > maxPlaces) {
    return [{ pointer: '', message: `expected at most ${maxPlaces} schemas in it, got ${places.length}` }];
  }
  const patternSize = places.reduce((sum, place) => sum + toPatternsSize(place), 0);
  if (patternSize > maxPatternSize) {
    const message = `expected regular expressions of at most ${maxPatternSize} instructions together, got about ${patternSize}`;
    return [{ pointer: '', message: `${message}: repeats such as {1000} count as often` }];
  }
  const targets = new Set(places.flatMap((place) => [toPointer(place.path), ...getAnchors(place)]));
  const faults = findSharedAnchors(places);
  for (const place of places) {
    if (faults.length >= maxFaults) break;
    faults.push(...findPlaceFaults(place, targets));
  }
  return faults.slice(0, maxFaults);
}
