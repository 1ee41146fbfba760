import type { JsonObject } from '../../protocol/json.ts';
import { compileJsonSchema, type JsonSchemaValidator } from '../../protocol/json-schema.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import type { FileFault, FilePath } from './automation-kind.ts';

function toPath(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function allowsObject(schema: JsonObject): boolean {
  const { type } = schema;
  return type === undefined || type === 'object' || (Array.isArray(type) && type.includes('object'));
}

export interface DocumentSchema {
  readonly validator: JsonSchemaValidator | null;
  readonly faults: readonly FileFault[];
}

/** Compiles the schema under one key of a file; parameters and outputs are always one object each. */
export function readDocumentSchema(key: 'parameters' | 'outputs', schema: JsonObject | null): DocumentSchema {
  if (schema === null) return { validator: null, faults: [] };
  const path: FilePath = [key];
  try {
    const validator = compileJsonSchema(schema);
    if (allowsObject(schema)) return { validator, faults: [] };
    const message = `expected "object", got ${JSON.stringify(schema['type'])}: ${key} are always one object`;
    return { validator: null, faults: [{ path: [key, 'type'], message }] };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const issues = error.issues.length > 0 ? error.issues : [{ pointer: '', message: error.message }];
    const faults = issues.map((issue): FileFault => {
      const place = [...path, ...toPath(issue.pointer)];
      return { path: place, part: 'key', message: issue.message };
    });
    return { validator: null, faults };
  }
}
