import type { RecipeContext } from '../automation-kind.ts';
import type { Refusal } from '../refusal.ts';
import type { Template } from '../template.ts';

/** Fills in one template after the other; the first that has no value refuses. */
export function renderAll(
  templates: readonly Template[],
  context: RecipeContext,
): { readonly type: 'rendered'; readonly texts: readonly string[] } | Refusal {
  const texts: string[] = [];
  for (const template of templates) {
    const rendered = context.render(template);
    if (rendered.type === 'refused') return rendered;
    texts.push(rendered.text);
  }
  return { type: 'rendered', texts };
}
