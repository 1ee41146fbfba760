import type { JsonValue } from './json.ts';
import type { Issue } from './protocol-error.ts';

export type JsonSchemaVerdict =
  | { readonly ok: true /** A copy, with defaults filled in. */; readonly value: JsonValue }
  | { readonly ok: false; readonly errors: readonly Issue[] };

export interface JsonSchemaValidator {
  /** Leaves its argument as it is. Never throws. */
  validate(value: JsonValue): JsonSchemaVerdict;
}

/** Compiles a JSON Schema (2020-12) that came from outside. Throws `ProtocolError` (`invalid`, `too-large`) that names every wrong place. */
export function compileJsonSchema(_schema: JsonValue): JsonSchemaValidator {
  throw new Error('not yet');
}
