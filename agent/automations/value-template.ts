import type { JsonValue } from '../../protocol/json.ts';
import type { FilePath, RecipeContext } from './automation-kind.ts';
import type { Refusal } from './refusal.ts';
import { getReferences, parseTemplate, type Template } from './template.ts';

/** Any value of a file, with placeholders in its texts. */
export type ValueTemplate =
  | { readonly type: 'text'; readonly template: Template }
  | { readonly type: 'list'; readonly items: readonly ValueTemplate[] }
  | { readonly type: 'object'; readonly entries: readonly (readonly [key: string, value: ValueTemplate])[] }
  | { readonly type: 'fixed'; readonly value: number | boolean | null };

/** Keys stay as they are. */
export function parseValueTemplate(value: JsonValue): ValueTemplate {
  if (typeof value === 'string') return { type: 'text', template: parseTemplate(value) };
  if (typeof value !== 'object' || value === null) return { type: 'fixed', value };
  if (Array.isArray(value)) return { type: 'list', items: value.map((item: JsonValue) => parseValueTemplate(item)) };
  return {
    type: 'object',
    entries: Object.entries(value).map(([key, item]) => [key, parseValueTemplate(item)] as const),
  };
}

/** Every text in it, with its place. */
export function listTemplates(
  value: ValueTemplate,
  path: FilePath,
): { readonly path: FilePath; readonly template: Template }[] {
  switch (value.type) {
    case 'text':
      return [{ path, template: value.template }];
    case 'list':
      return value.items.flatMap((item, index) => listTemplates(item, [...path, index]));
    case 'object':
      return value.entries.flatMap(([key, item]) => listTemplates(item, [...path, key]));
    case 'fixed':
      return [];
  }
}

export function holdsSecret(template: Template): boolean {
  return getReferences(template).some(({ path }) => path[0] === 'secrets');
}

/** Fills in all of it; a text that is nothing but one placeholder becomes what it stands for, of whatever type. */
export function renderValueTemplate(
  value: ValueTemplate,
  context: Pick<RecipeContext, 'renderValue'>,
): { readonly type: 'rendered'; readonly value: JsonValue } | Refusal {
  switch (value.type) {
    case 'text':
      return context.renderValue(value.template);
    case 'fixed':
      return { type: 'rendered', value: value.value };
    case 'list': {
      const items: JsonValue[] = [];
      for (const item of value.items) {
        const rendered = renderValueTemplate(item, context);
        if (rendered.type === 'refused') return rendered;
        items.push(rendered.value);
      }
      return { type: 'rendered', value: items };
    }
    case 'object': {
      const entries: [string, JsonValue][] = [];
      for (const [key, item] of value.entries) {
        const rendered = renderValueTemplate(item, context);
        if (rendered.type === 'refused') return rendered;
        entries.push([key, rendered.value]);
      }
      return { type: 'rendered', value: Object.fromEntries(entries) };
    }
  }
}
