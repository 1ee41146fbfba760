import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { packageFolder } from '../../runtime/package-folder.ts';
import type { PlantedBug, PlantedEdit } from './planted-bug.ts';

/**
 * Puts the mistake into the program of this process, for everything that is imported from here on. Importing the file fails where its
 * source is not what the mistake was made for.
 */
export function plant(bug: PlantedBug): void {
  const edits = Map.groupBy(bug.edits, ({ file }) => pathToFileURL(`${packageFolder}/${file}`).href);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const own = edits.get(url);
      if (own === undefined || loaded.source === undefined) return loaded;
      const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: own.reduce(applyEdit, source) };
    },
  });
}

function applyEdit(source: string, { file, find, replace }: PlantedEdit): string {
  const found = source.split(find).length - 1;
  if (found === 1) return source.replace(find, () => replace);
  throw new Error(`expected ${JSON.stringify(find)} once in ${file}, found it ${found} times: plant the mistake anew`);
}
