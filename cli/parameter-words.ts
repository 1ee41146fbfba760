import type { JsonObject } from '../protocol/json.ts';

/** `name, count?`: a question mark where it may be left out; `any` where nothing is said, `-` for a probe, which no job can ask for. */
export function toParameterWords(kind: string, schema: JsonObject | null): string {
  if (kind === 'probe') return '-';
  const properties = schema?.['properties'];
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return 'any';
  const required = schema?.['required'];
  const isRequired = (name: string) => Array.isArray(required) && required.includes(name);
  return Object.keys(properties)
    .map((name) => (isRequired(name) ? name : `${name}?`))
    .join(', ');
}
