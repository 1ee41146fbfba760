/** Who holds the lock of a state, as the program tells when it cannot get it. */
export interface LockHolder {
  readonly id: string;
  readonly who: string | null;
  readonly created: string | null;
  readonly operation: string | null;
}

const beginning = 'Error acquiring the state lock';

/** Finds the last refusal in a log; null where no lock was in the way, or its owner is not told. */
export function findLockHolder(log: string): LockHolder | null {
  const at = log.lastIndexOf(beginning);
  if (at < 0) return null;
  const text = log.slice(at);
  const field = (name: string): string | null =>
    new RegExp(String.raw`^[│ ]*${name}:[ \t]+(\S.*?)[ \t]*$`, 'm').exec(text)?.[1] ?? null;
  const id = field('ID');
  if (id === null) return null;
  return { id, who: field('Who'), created: field('Created'), operation: field('Operation') };
}
