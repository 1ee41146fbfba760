import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const listening = '0A';
const unixListening = '00010000';

/** Where this process can be spoken to: `tcp 7400`, `udp 53`, `unix /run/x`. Sorted; of Linux. One that is over listens nowhere. */
export function findListening(pid: number): readonly string[] {
  try {
    return readListening(pid);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return [];
    throw error;
  }
}

function readListening(pid: number): readonly string[] {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).flatMap((fd) => readInode(`/proc/${pid}/fd/${fd}`)));
  const rows = (table: string) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'latin1')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
  const portOf = (address = '') => Number.parseInt(address.split(':').at(-1) ?? '', 16);
  const tcp = ['tcp', 'tcp6'].flatMap(rows).filter((row) => row[3] === listening && inodes.has(row[9] ?? ''));
  const udp = ['udp', 'udp6'].flatMap(rows).filter((row) => inodes.has(row[9] ?? ''));
  const unix = rows('unix').filter((row) => row[3] === unixListening && inodes.has(row[6] ?? ''));
  return [
    ...tcp.map((row) => `tcp ${portOf(row[1])}`),
    ...udp.map((row) => `udp ${portOf(row[1])}`),
    ...unix.map((row) => `unix ${row[7] ?? ''}`),
  ].toSorted();
}

/** It may be closed by now. */
function readInode(path: string): readonly string[] {
  try {
    return [/^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1] ?? []].flat();
  } catch {
    return [];
  }
}
