import { toPointer } from '../../protocol/parse.ts';
import { type ReferenceScope, resolveReference, toText } from './reference-scope.ts';
import type { Refusal } from './refusal.ts';
import type { Reference, Template } from './template.ts';

function refuseMissing(reference: Reference): Refusal {
  const [root, ...rest] = reference.path;
  if (root === 'agent') {
    const message = `the automation needs ${reference.source}, and this agent has no such label: set it, or select another agent`;
    return { type: 'refused', cause: 'start-failed', message, errors: [] };
  }
  const message = `the automation needs ${reference.source}, and the job has none: give it`;
  return {
    type: 'refused',
    cause: 'parameters-invalid',
    message,
    errors: [{ pointer: toPointer([root, ...rest]), message }],
  };
}

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
