import type { ErrorObject } from 'ajv';
import { toPointer } from './parse.ts';
import type { Issue } from './protocol-error.ts';

const maxMessageLength = 600;
const maxKnownNames = 20;

/** An error of ajv as one place and a few words. A property that is missing or unknown is the place itself. */
export function toSchemaIssue(error: ErrorObject): Issue {
  const { instancePath, params } = error;
  const missing: unknown = params['missingProperty'];
  if (typeof missing === 'string') return { pointer: `${instancePath}${toPointer([missing])}`, message: 'is required' };
  const unknown: unknown = params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof unknown === 'string') {
    const message = `is not a known property${listKnown(error.parentSchema)}`.slice(0, maxMessageLength);
    return { pointer: `${instancePath}${toPointer([unknown])}`, message };
  }
  if (error.keyword === 'false schema') return { pointer: instancePath, message: 'is not allowed' };
  const name = error.propertyName === undefined ? '' : `property name ${JSON.stringify(error.propertyName)} `;
  const came = error.keyword === 'type' ? `, is ${nameType(error.data)}` : '';
  return {
    pointer: instancePath,
    message: `${name}${error.message ?? 'is not valid'}${came}`.slice(0, maxMessageLength),
  };
}

function listKnown(schema: unknown): string {
  const properties = typeof schema === 'object' && schema !== null && 'properties' in schema ? schema.properties : null;
  if (typeof properties !== 'object' || properties === null) return '';
  const names = Object.keys(properties);
  if (names.length === 0) return '; there is none';
  return `; there are: ${names.slice(0, maxKnownNames).join(', ')}${names.length > maxKnownNames ? ' …' : ''}`;
}

function nameType(data: unknown): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'string') return 'a text';
  return typeof data === 'object' ? 'an object' : `a ${typeof data}`;
}
