import type { JobDocument, Secrets } from '../../protocol/job-document.ts';
import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { Reference } from './template.ts';

/** What references can reach, as one object. */
export type ReferenceScope = JsonObject;

/** What stands under each root beside `parameters`, `agent.labels` and `secrets`, whose keys vary. */
export const fixedReferences = {
  agent: ['name', 'labels'],
  job: ['id', 'account', 'automation'],
  attempt: ['id', 'number'],
} as const;

export function createReferenceScope(source: {
  readonly document: JobDocument;
  readonly parameters: JsonObject;
  readonly agent: { readonly name: string; readonly labels: Labels };
  readonly secrets: Secrets;
}): ReferenceScope {
  const { document, agent } = source;
  return {
    parameters: source.parameters,
    agent: { name: agent.name, labels: agent.labels },
    job: { id: document.job, account: document.account, automation: document.automation },
    attempt: { id: document.attempt, number: document.number },
    secrets: source.secrets,
  };
}

/** Follows a reference through objects by own key and through lists by index; undefined where there is nothing. */
export function resolveReference(reference: Reference, scope: ReferenceScope): JsonValue | undefined {
  let value: JsonValue | undefined = scope;
  for (const key of reference.path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonObject)[key];
  }
  return typeof value === 'function' ? undefined : value;
}

/** Text is itself; everything else is written as JSON. */
export function toText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
