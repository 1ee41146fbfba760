import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { FaultRow } from './fault-row.ts';
import type { SeenRow } from './fault-table.ts';

const program = join(import.meta.dirname, '../faults/list-rows.ts');

/** The rows that the test files of now make, without running them. */
export function listFaultRows(): readonly Omit<SeenRow, 'seen'>[] {
  const rows: Omit<SeenRow, 'seen'>[] = [];
  let file = '';
  for (const line of execFileSync(process.execPath, [program], { encoding: 'utf8' }).split('\n')) {
    if (line.startsWith('file ')) file = line.slice('file '.length);
    if (line.startsWith('row ')) rows.push({ ...(JSON.parse(line.slice('row '.length)) as FaultRow), file });
  }
  return rows;
}
