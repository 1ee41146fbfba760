import type { Automation } from './automation.ts';
import type { AutomationKind } from './automation-kind.ts';
import type { CatalogMistake } from './catalog-mistake.ts';
import { type CatalogLoad, loadWithShipped } from './load-with-shipped.ts';

/** What the folder held when it was last read. Never changes. */
export interface CatalogSnapshot {
  /** By name. */
  readonly automations: ReadonlyMap<string, Automation>;
  readonly mistakes: readonly CatalogMistake[];
}

/** The automations this agent offers. */
export interface Catalog {
  readonly current: CatalogSnapshot;
  /**
   * Reads the folder again. A file that is broken now keeps its last good version, and so do all when the folder cannot be
   * read; the mistakes tell. Calls during a reload share the one that follows it. Never rejects.
   */
  reload(): Promise<CatalogSnapshot>;
  /** Calls `listener` after every reload that changed an automation or a mistake; answers how to stop that. */
  onChange(listener: (snapshot: CatalogSnapshot) => void): () => void;
}

/** Automations of files that are still there, cannot be used now, and stand in the way of no good one. */
function findLastGood(loaded: CatalogLoad, previous: CatalogSnapshot): readonly Automation[] {
  const { files } = loaded;
  const shipped = new Set(loaded.shipped.map((automation) => automation.file));
  if (files === null) return [...previous.automations.values()].filter(({ file }) => !shipped.has(file));
  const names = new Set(loaded.automations.map((automation) => automation.name));
  const good = new Set(loaded.automations.map((automation) => automation.file));
  return [...previous.automations.values()].filter(
    ({ name, file }) => files.includes(file) && !good.has(file) && !names.has(name),
  );
}

function toSnapshot(loaded: CatalogLoad, previous: CatalogSnapshot): CatalogSnapshot {
  const lastGood = findLastGood(loaded, previous);
  const kept = new Map(lastGood.map((automation) => [automation.file, automation.name]));
  const own = [...loaded.automations, ...lastGood];
  const names = new Set(own.map(({ name }) => name));
  const shipped = loaded.shipped.filter(({ name }) => !names.has(name));
  const automations = [...own, ...shipped].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const mistakes = loaded.mistakes.map((mistake) => {
    const name = kept.get(mistake.file);
    return name === undefined
      ? mistake
      : { ...mistake, message: `${mistake.message} (until then the earlier version of "${name}" stays in use)` };
  });
  return { automations: new Map(automations.map((automation) => [automation.name, automation])), mistakes };
}

/** Equal when nobody outside could tell them apart. */
function toFingerprint(snapshot: CatalogSnapshot): string {
  const automations = [...snapshot.automations.values()].map(({ name, digest, file }) => [name, digest, file]);
  return JSON.stringify([automations, snapshot.mistakes]);
}

class FolderCatalog implements Catalog {
  current: CatalogSnapshot = { automations: new Map(), mistakes: [] };
  readonly #load: () => Promise<CatalogLoad>;
  readonly #listeners = new Set<(snapshot: CatalogSnapshot) => void>();
  #running: Promise<CatalogSnapshot> | null = null;
  #next: Promise<CatalogSnapshot> | null = null;

  constructor(load: () => Promise<CatalogLoad>) {
    this.#load = load;
  }

  reload(): Promise<CatalogSnapshot> {
    if (this.#running === null) return this.#start();
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.#start();
    });
    return this.#next;
  }

  onChange(listener: (snapshot: CatalogSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #start(): Promise<CatalogSnapshot> {
    const running = this.#read().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #read(): Promise<CatalogSnapshot> {
    const previous = this.current;
    this.current = toSnapshot(await this.#load(), previous);
    if (toFingerprint(previous) !== toFingerprint(this.current)) {
      for (const listener of this.#listeners) listener(this.current);
    }
    return this.current;
  }
}

/**
 * Reads the folder and answers its catalog; mistakes are data, so it never rejects. `shipped` is a folder with what is offered
 * beside it, under every name that the folder itself does not give to something else.
 */
export async function openCatalog(
  folder: string,
  options: { readonly kinds?: readonly AutomationKind[]; readonly shipped?: string | null } = {},
): Promise<Catalog> {
  const catalog = new FolderCatalog(() => loadWithShipped(folder, options));
  await catalog.reload();
  return catalog;
}
