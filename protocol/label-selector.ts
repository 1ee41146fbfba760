import { z } from 'zod';
import { LabelKey, type Labels, LabelValue } from './labels.ts';
import { ProtocolError } from './protocol-error.ts';

/** One condition of a selector. Source: Kubernetes `labels.Parse`. */
export type Requirement =
  | { readonly type: 'in'; readonly key: string; readonly values: readonly string[] }
  | { readonly type: 'not-in'; readonly key: string; readonly values: readonly string[] }
  | { readonly type: 'exists'; readonly key: string }
  | { readonly type: 'absent'; readonly key: string };

/** All requirements must hold; none means everything matches. */
export type LabelSelector = readonly Requirement[];

const maxSelectorLength = 4096;

/** Splits at commas outside parentheses. */
function splitRequirements(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

function refuse(part: string): never {
  throw new ProtocolError(
    'invalid',
    `not a label selector: expected "key=value", "key!=value", "key in (a,b)", "key notin (a,b)", "key" or "!key", got ${JSON.stringify(part.slice(0, 100))}`,
  );
}

function checked(schema: z.ZodType<string>, text: string, part: string): string {
  const parsed = schema.safeParse(text);
  return parsed.success ? parsed.data : refuse(part);
}

function parseRequirement(part: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => checked(LabelValue, value.trim(), part));
    return { type: operator === 'in' ? 'in' : 'not-in', key: checked(LabelKey, key, part), values };
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(part);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    const type = operator === '!=' ? 'not-in' : 'in';
    return { type, key: checked(LabelKey, key, part), values: [checked(LabelValue, value, part)] };
  }
  if (part.startsWith('!')) return { type: 'absent', key: checked(LabelKey, part.slice(1).trim(), part) };
  return { type: 'exists', key: checked(LabelKey, part, part) };
}

/** Parses Kubernetes selector syntax, equality and set based. Empty text selects everything. Throws `ProtocolError` (`invalid`, `too-large`). */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.length > maxSelectorLength) {
    throw new ProtocolError('too-large', `label selector: at most ${maxSelectorLength} characters, got ${text.length}`);
  }
  if (text.trim() === '') return [];
  return splitRequirements(text).map(parseRequirement);
}

function holds(requirement: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.type) {
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case 'not-in':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
  }
}

export function selects(selector: LabelSelector, labels: Labels): boolean {
  return selector.every((requirement) => holds(requirement, labels));
}

/** Selector text, checked. */
export const SelectorText = z.string().superRefine((text, context) => {
  try {
    parseLabelSelector(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'not a label selector' });
  }
});
