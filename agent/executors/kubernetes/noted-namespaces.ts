import { z } from 'zod';
import type { FileSystem } from '../../../runtime/file-system.ts';
import { recordFile } from '../../record-file.ts';

/** The namespaces in which an agent has made Jobs, whichever its catalog names now: what is left is looked for there. */
export interface NotedNamespaces {
  list(): Promise<readonly string[]>;
  /** Resolved: it is on the disk, and stays. */
  note(namespace: string): Promise<void>;
}

const Record = z.object({ namespaces: z.array(z.string()) });

export function openNotedNamespaces(fileSystem: FileSystem, path: string): NotedNamespaces {
  const file = recordFile(fileSystem, path, Record);
  const known = new Set<string>();
  let writing: Promise<void> = Promise.resolve();

  async function write(namespace: string): Promise<void> {
    if (known.has(namespace)) return;
    const earlier = (await file.read())?.namespaces ?? [];
    await file.write({ namespaces: [...new Set([...earlier, namespace])] });
    known.add(namespace);
  }

  return {
    list: async () => (await file.read())?.namespaces ?? [],
    note: (namespace) => {
      const next = writing.catch(() => {}).then(() => write(namespace));
      writing = next;
      return next;
    },
  };
}
