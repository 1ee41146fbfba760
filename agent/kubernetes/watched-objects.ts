import type { KubernetesObject } from './kubernetes-object.ts';
import type { WatchEvent } from './watch-stream.ts';

/** What became of one object. `key` is its name, with its namespace before it where it has one: `default/web`. */
export type ObjectChange<T> =
  | { readonly type: 'added' | 'changed'; readonly key: string; readonly value: T }
  | { readonly type: 'deleted'; readonly key: string };

interface Kept<T> {
  readonly version: string;
  readonly value: T;
}

/** A list of objects in pieces, of which what is not in it is gone. */
export interface Relisting {
  take(objects: readonly KubernetesObject[]): void;
  /** The list is whole: what it did not name is deleted. */
  finish(): void;
}

/** The objects of one collection as they are known, and word of each change, once. */
export interface WatchedObjects<T> {
  readonly values: ReadonlyMap<string, T>;
  relist(): Relisting;
  take(event: Extract<WatchEvent, { readonly object: KubernetesObject }>): void;
}

function toObjectKey({ metadata: { namespace, name } }: KubernetesObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** `select` says what is kept of an object; one that it cannot read is as if it was not there, and `onUnreadable` hears of it. */
export function createWatchedObjects<T>(options: {
  readonly select: (object: KubernetesObject) => T;
  /** Whether two values of an object are the same: such a change is not told. */
  readonly isSame: (one: T, other: T) => boolean;
  readonly onChange: (change: ObjectChange<T>) => void;
  readonly onUnreadable: (key: string, error: unknown) => void;
}): WatchedObjects<T> {
  const { select, isSame, onChange, onUnreadable } = options;
  const versions = new Map<string, string>();
  const values = new Map<string, T>();

  function read(key: string, object: KubernetesObject): Kept<T> | null {
    try {
      return { version: object.metadata.resourceVersion, value: select(object) };
    } catch (error) {
      onUnreadable(key, error);
      return null;
    }
  }

  function put(key: string, object: KubernetesObject): void {
    // The same again, after a list or another watch.
    if (versions.get(key) === object.metadata.resourceVersion) return;
    const kept = read(key, object);
    if (kept === null) return remove(key);
    const before = values.get(key);
    versions.set(key, kept.version);
    if (before !== undefined && isSame(before, kept.value)) return;
    values.set(key, kept.value);
    onChange({ type: before === undefined ? 'added' : 'changed', key, value: kept.value });
  }

  function remove(key: string): void {
    versions.delete(key);
    if (values.delete(key)) onChange({ type: 'deleted', key });
  }

  return {
    values,
    relist() {
      const listed = new Set<string>();
      return {
        take(objects) {
          for (const object of objects) {
            const key = toObjectKey(object);
            listed.add(key);
            put(key, object);
          }
        },
        finish() {
          for (const key of values.keys()) if (!listed.has(key)) remove(key);
        },
      };
    },
    take({ type, object }) {
      const key = toObjectKey(object);
      // A deletion brings the last state, which nobody may have seen.
      put(key, object);
      if (type === 'deleted') remove(key);
    },
  };
}
