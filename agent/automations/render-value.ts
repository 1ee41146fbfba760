import type { JsonValue } from '../../protocol/json.ts';
import { type ReferenceScope, resolveReference } from './reference-scope.ts';
import type { Refusal } from './refusal.ts';
import { refuseMissing } from './refuse-missing.ts';
import { renderTemplate } from './render-template.ts';
import type { Template } from './template.ts';

/** A template that is nothing but one reference becomes what that leads to, of whatever type; any other becomes text. */
export function renderValue(
  template: Template,
  scope: ReferenceScope,
): { readonly type: 'rendered'; readonly value: JsonValue } | Refusal {
  const [part, ...others] = template;
  if (part?.type === 'reference' && others.length === 0) {
    const value = resolveReference(part.reference, scope);
    return value === undefined ? refuseMissing(part.reference) : { type: 'rendered', value };
  }
  const rendered = renderTemplate(template, scope);
  return rendered.type === 'refused' ? rendered : { type: 'rendered', value: rendered.text };
}
