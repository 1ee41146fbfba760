import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** Objects of a heap by what they are: `object Map`, `closure finish`, `array`. */
export type HeapSummary = ReadonlyMap<string, { readonly count: number; readonly bytes: number }>;

const Snapshot = z.object({
  snapshot: z.object({
    meta: z.object({ node_fields: z.array(z.string()), node_types: z.tuple([z.array(z.string())]).rest(z.unknown()) }),
  }),
  nodes: z.array(z.number()),
  strings: z.array(z.string()),
});

/** What has a name that says what it is. */
const named = new Set(['object', 'closure', 'native', 'code']);

/** Reads a snapshot that V8 wrote. Bytes are those of the objects alone, without what they hold. */
export async function summarizeHeap(path: string): Promise<HeapSummary> {
  const { snapshot, nodes, strings } = Snapshot.parse(JSON.parse(await readFile(path, 'utf8')));
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const place = (field: string) => fields.indexOf(field);
  const [typeAt, nameAt, sizeAt] = [place('type'), place('name'), place('self_size')];
  const summary = new Map<string, { count: number; bytes: number }>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const type = types[0][nodes[at + typeAt] ?? 0] ?? '';
    const key = named.has(type) ? `${type} ${strings[nodes[at + nameAt] ?? 0]}` : type;
    const sum = summary.get(key) ?? { count: 0, bytes: 0 };
    sum.count += 1;
    sum.bytes += nodes[at + sizeAt] ?? 0;
    summary.set(key, sum);
  }
  return summary;
}
