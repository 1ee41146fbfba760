import { type ReferenceScope, resolveReference, toText } from './reference-scope.ts';
import type { Refusal } from './refusal.ts';
import { refuseMissing } from './refuse-missing.ts';
import type { Template } from './template.ts';

/** Fills in one template: exactly one string, whatever the values hold. */
export function renderTemplate(
  template: Template,
  scope: ReferenceScope,
): { readonly type: 'rendered'; readonly text: string } | Refusal {
  let text = '';
  for (const part of template) {
    if (part.type === 'text') text += part.text;
    else {
      const value = resolveReference(part.reference, scope);
      if (value === undefined) return refuseMissing(part.reference);
      text += toText(value);
    }
  }
  return { type: 'rendered', text };
}
