import { Labels } from './labels.ts';

/** Reads `site=ams,tier=edge`; undefined when it is something else. Empty text is no labels. A key twice is refused. */
export function parseLabelsText(text: string): Labels | undefined {
  if (text.trim() === '') return {};
  const pairs = text.split(',').map((pair) => {
    const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=\s*(\S*)\s*$/.exec(pair) ?? [];
    return [key, value] as const;
  });
  const labels = Object.fromEntries(pairs);
  if (Object.keys(labels).length !== pairs.length) return undefined;
  return Labels.safeParse(labels).data;
}
