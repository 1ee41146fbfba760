import type { FileFault, RecipeContext } from '../automation-kind.ts';
import type { Refusal } from '../refusal.ts';
import { getReferences, type Template } from '../template.ts';

/** What of several things a job does: written out, or chosen by the job out of a list that the file names. */
export interface ActionChoice {
  readonly action: Template;
  /** The keys `actions`; null where the file has none. */
  readonly allowed: readonly string[] | null;
  readonly known: readonly string[];
}

export function findActionFaults({ action, allowed, known }: ActionChoice): FileFault[] {
  const chosen = getReferences(action).length > 0;
  if (chosen && allowed === null) {
    const message = `expected beside it "actions", the list of what a job may choose, such as [${known.slice(0, 2).join(', ')}], got nothing: add it`;
    return [{ path: ['action'], message }];
  }
  if (chosen) return [];
  const text = action.map((part) => (part.type === 'text' ? part.text : '')).join('');
  if (!known.includes(text)) {
    const message = `expected one of ${known.join(', ')}, or a placeholder such as "\${parameters.action}", got ${JSON.stringify(text)}`;
    return [{ path: ['action'], message }];
  }
  if (allowed === null) return [];
  return [{ path: ['actions'], part: 'key', message: `only an action that a job chooses needs it: take it out` }];
}

export function chooseAction(
  { action, allowed, known }: ActionChoice,
  context: RecipeContext,
): { readonly type: 'chosen'; readonly action: string } | Refusal {
  const rendered = context.render(action);
  if (rendered.type === 'refused') return rendered;
  const list = allowed ?? known;
  if (list.includes(rendered.text)) return { type: 'chosen', action: rendered.text };
  const message = `the automation's action: expected one of ${list.join(', ')}, got ${JSON.stringify(rendered.text.slice(0, 80))}`;
  const [reference] = getReferences(action);
  const pointer = `/${(reference?.path ?? []).join('/')}`;
  return { type: 'refused', cause: 'parameters-invalid', message, errors: [{ pointer, message }] };
}
