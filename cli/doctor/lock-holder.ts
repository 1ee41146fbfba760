import { readFile, stat } from 'node:fs/promises';

export type LockHolder =
  | { readonly type: 'none' }
  | {
      readonly type: 'held';
      /** Null for a process in another namespace. */
      readonly pid: number | null;
      /** Null when it is another user's. */
      readonly environment: Readonly<Record<string, string>> | null;
    }
  /** The system does not tell. */
  | { readonly type: 'unknown' };

/**
 * Who holds a lock on the file, by what the kernel tells of all locks. Trying to take it would tell as well, and would make a process fail
 * that is started at this moment. Source: proc_locks(5).
 */
export async function findLockHolder(path: string): Promise<LockHolder> {
  const file = await stat(path).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
  if (typeof file === 'string') return { type: file === 'ENOENT' ? 'none' : 'unknown' };
  let table: string;
  try {
    table = await readFile('/proc/locks', 'utf8');
  } catch {
    return { type: 'unknown' };
  }
  for (const line of table.split('\n')) {
    const [, pid, inode] = /^\d+: \w+\s+\w+\s+WRITE\s+(-?\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line) ?? [];
    if (inode !== String(file.ino)) continue;
    const id = Number(pid);
    return id > 0
      ? { type: 'held', pid: id, environment: await readEnvironment(id) }
      : { type: 'held', pid: null, environment: null };
  }
  return { type: 'none' };
}

async function readEnvironment(pid: number): Promise<Readonly<Record<string, string>> | null> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => null);
  if (text === null) return null;
  return Object.fromEntries(
    text.split('\0').flatMap((entry): [string, string][] => {
      const at = entry.indexOf('=');
      return at < 1 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
    }),
  );
}
