import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const administration = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** Null where this machine has no such program. Servers lie in folders that are not in everybody's PATH. */
export function findPeerProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...administration];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
