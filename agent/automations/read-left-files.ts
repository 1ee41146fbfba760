import type { LeftFiles } from './harvest.ts';
import { type LeftFile, type LeftPlace, readLeftFile } from './left-file.ts';

/** Reads the files one after the other. Rejects with `OutputsError` where one of them is not what may be read. */
export async function readLeftFiles(place: LeftPlace, wanted: readonly LeftFile[]): Promise<LeftFiles> {
  const contents = new Map<string, Buffer | null>();
  for (const left of wanted) contents.set(left.name, await readLeftFile(place, left));
  return (name) => contents.get(name) ?? null;
}
