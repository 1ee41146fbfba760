import type { ErrorObject } from 'ajv';
import { toPointer } from './parse.ts';
import type { Issue } from './protocol-error.ts';

const maxMessageLength = 600;

/** An error of ajv as one place and a few words. A property that is missing or unknown is the place itself. */
export function toSchemaIssue(error: ErrorObject): Issue {
  const { instancePath, params } = error;
  const missing: unknown = params['missingProperty'];
  if (typeof missing === 'string') return { pointer: `${instancePath}${toPointer([missing])}`, message: 'is required' };
  const unknown: unknown = params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof unknown === 'string') {
    return { pointer: `${instancePath}${toPointer([unknown])}`, message: 'is not a known property' };
  }
  if (error.keyword === 'false schema') return { pointer: instancePath, message: 'is not allowed' };
  const name = error.propertyName === undefined ? '' : `property name ${JSON.stringify(error.propertyName)} `;
  return { pointer: instancePath, message: `${name}${error.message ?? 'is not valid'}`.slice(0, maxMessageLength) };
}
