import { z } from 'zod';

const Reference = z.object({
  /** As it was written, with `${` and `}`. */
  source: z.string(),
  path: z.tuple([z.string()], z.string()).readonly(),
});
export type Reference = Readonly<z.infer<typeof Reference>>;

/** A reference such as `${parameters.name}`, or text that stays as it is. */
const TemplatePart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('reference'), reference: Reference }),
]);
export type TemplatePart = Readonly<z.infer<typeof TemplatePart>>;

/** One string of an automation's file, taken apart once when the file is read. As it is kept on the disk. */
export const TemplateRecord = z.array(TemplatePart).readonly();
export type Template = readonly TemplatePart[];

/** A word, a dot and more words, as no shell would write it; or all parameters. Anything else between braces is plain text. */
const pattern = /\$\$\{|\$\{(parameters|[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z0-9_./-]+)\}/g;

/** The key of a label may have dots in it. */
const labelPrefix = 'agent.labels.';

function toPath(inner: string): readonly [string, ...string[]] {
  if (inner.startsWith(labelPrefix)) return ['agent', 'labels', inner.slice(labelPrefix.length)];
  const [first = '', ...rest] = inner.split('.');
  return [first, ...rest];
}

/**
 * Takes a string apart. `$${` stands for `${` as text. What is between braces and is not a dotted reference stays as it is,
 * so that `${HOME}` and `${1:-x}` of a shell need no escaping.
 */
export function parseTemplate(source: string): Template {
  const parts: TemplatePart[] = [];
  let text = '';
  let at = 0;
  for (const match of source.matchAll(pattern)) {
    text += source.slice(at, match.index);
    at = match.index + match[0].length;
    const inner = match[1];
    if (inner === undefined) {
      text += '${';
      continue;
    }
    if (text !== '') parts.push({ type: 'text', text });
    text = '';
    parts.push({ type: 'reference', reference: { source: match[0], path: toPath(inner) } });
  }
  text += source.slice(at);
  if (text !== '') parts.push({ type: 'text', text });
  return parts;
}

export function getReferences(template: Template): readonly Reference[] {
  return template.flatMap((part) => (part.type === 'reference' ? [part.reference] : []));
}
