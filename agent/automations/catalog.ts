import type { Automation } from './automation.ts';
import type { AutomationKind } from './automation-kind.ts';
import type { CatalogMistake } from './catalog-mistake.ts';
import { builtInKinds } from './kinds/kinds.ts';
import type { LoadOptions } from './load-catalog.ts';
import { type CatalogLoad, loadWithShipped } from './load-with-shipped.ts';

/** What the folder held when it was last read. Never changes. */
export interface CatalogSnapshot {
  /** By name. */
  readonly automations: ReadonlyMap<string, Automation>;
  readonly mistakes: readonly CatalogMistake[];
}

/** The automations this agent offers. */
export interface Catalog {
  /** Every kind that files may name. */
  readonly kinds: readonly AutomationKind[];
  readonly current: CatalogSnapshot;
  /**
   * Reads the folder again. A file that is broken now keeps its last good version, and so do all when the folder cannot be
   * read; the mistakes tell. With `patient` they do not yet tell of files (or the folder) that were in order until now, because somebody
   * may be at work on them. Calls during a reload share the one that follows it, which is patient if all of them are. Never rejects.
   */
  reload(options?: { readonly patient?: boolean }): Promise<CatalogSnapshot>;
  /** A patient reload has kept mistakes to itself: the next reload that is not tells of those that are still there. */
  readonly holdsMistakes: boolean;
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
  readonly kinds: readonly AutomationKind[];
  holdsMistakes = false;
  readonly #load: () => Promise<CatalogLoad>;
  readonly #listeners = new Set<(snapshot: CatalogSnapshot) => void>();
  #running: Promise<CatalogSnapshot> | null = null;
  #next: Promise<CatalogSnapshot> | null = null;
  #nextIsPatient = true;

  constructor(kinds: readonly AutomationKind[], load: () => Promise<CatalogLoad>) {
    this.kinds = kinds;
    this.#load = load;
  }

  reload({ patient = false }: { readonly patient?: boolean } = {}): Promise<CatalogSnapshot> {
    if (this.#running === null) return this.#start(patient);
    this.#nextIsPatient &&= patient;
    this.#next ??= this.#running.then(() => {
      const isPatient = this.#nextIsPatient;
      this.#next = null;
      this.#nextIsPatient = true;
      return this.#start(isPatient);
    });
    return this.#next;
  }

  onChange(listener: (snapshot: CatalogSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #start(patient: boolean): Promise<CatalogSnapshot> {
    const running = this.#read(patient).finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #read(patient: boolean): Promise<CatalogSnapshot> {
    const previous = this.current;
    const { automations, mistakes } = toSnapshot(await this.#load(), previous);
    const known = new Set(previous.mistakes.map(({ file }) => file));
    const told = patient ? mistakes.filter(({ file }) => known.has(file)) : mistakes;
    this.holdsMistakes = told.length < mistakes.length;
    this.current = { automations, mistakes: told };
    if (toFingerprint(previous) !== toFingerprint(this.current)) {
      for (const listener of this.#listeners) listener(this.current);
    }
    return this.current;
  }
}

/**
 * Reads the folder and answers its catalog; mistakes are data, so it never rejects. `shipped` is a folder with what is offered
 * beside it, under every name that the folder itself does not give to something else. An optional folder that had automations is
 * missed like any other: who moves another one into its place takes it away for a moment.
 */
export async function openCatalog(
  folder: string,
  options: LoadOptions & { readonly shipped?: string | null } = {},
): Promise<Catalog> {
  let hadFiles = false;
  const load = async (): Promise<CatalogLoad> => {
    const loaded = await loadWithShipped(folder, { ...options, isOptional: options.isOptional === true && !hadFiles });
    hadFiles ||= (loaded.files ?? []).length > 0;
    return loaded;
  };
  const catalog = new FolderCatalog(options.kinds ?? builtInKinds, load);
  await catalog.reload();
  return catalog;
}
