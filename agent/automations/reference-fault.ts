import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { findNearestWord } from '../../protocol/nearest-word.ts';
import { fixedReferences } from './reference-scope.ts';
import type { Reference } from './template.ts';
import { toVariableName } from './variable-name.ts';

export interface ReferenceRules {
  /** The schema of the parameters, or null. */
  readonly parameters: JsonObject | null;
  readonly secretsAllowed: boolean;
}

/** Keywords that may allow properties beyond `properties`. */
const openingKeywords = [
  '$ref',
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'patternProperties',
];

function getOwn(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as JsonObject)[key]
    : undefined;
}

function suggest(word: string, known: readonly string[]): string {
  const nearest = findNearestWord(word, known);
  if (nearest !== null) return `did you mean "${nearest}"?`;
  return known.length === 0 ? 'there is none' : `there is ${known.join(', ')}`;
}

/** Follows the path through the schema for as long as the schema alone decides what can be there. */
function findParameterFault(reference: Reference, schema: JsonObject | null): string | null {
  let place: JsonValue | undefined = schema ?? undefined;
  for (const key of reference.path.slice(1)) {
    const known = getOwn(place, 'properties');
    const next = getOwn(known, key);
    if (next === undefined) {
      const closed = getOwn(place, 'additionalProperties') === false;
      const open = openingKeywords.some((keyword) => getOwn(place, keyword) !== undefined);
      if (!closed || open) return null;
      return `${reference.source}: the schema allows no parameter "${key}": ${suggest(key, Object.keys(known ?? {}))}`;
    }
    place = next;
  }
  return null;
}

function findSecretFault(reference: Reference, allowed: boolean): string | null {
  const name = reference.path.slice(1).join('.');
  if (allowed) return null;
  return `${reference.source}: a secret never stands in arguments, where every process of the machine can read it: let the program read the variable ${toVariableName('FARHAND_SECRET_', name)}`;
}

/** What is wrong with a reference as far as its file alone can tell, or null. */
export function findReferenceFault(reference: Reference, rules: ReferenceRules): string | null {
  const [root, second = '', ...rest] = reference.path;
  switch (root) {
    case 'parameters':
      return findParameterFault(reference, rules.parameters);
    case 'secrets':
      return findSecretFault(reference, rules.secretsAllowed);
    case 'agent':
    case 'job':
    case 'attempt': {
      const known: readonly string[] = fixedReferences[root];
      const fits =
        second === 'labels' && root === 'agent' ? rest.length > 0 : known.includes(second) && rest.length === 0;
      if (fits) return null;
      const all = known.map((name) => `${root}.${name}${name === 'labels' ? '.<key>' : ''}`);
      return `${reference.source}: unknown placeholder: there is ${all.join(', ')}`;
    }
    default: {
      const roots = ['parameters', ...Object.keys(fixedReferences), ...(rules.secretsAllowed ? ['secrets'] : [])];
      return `${reference.source}: unknown placeholder: ${suggest(root, roots)} (to have this text as it is, write $${reference.source})`;
    }
  }
}
