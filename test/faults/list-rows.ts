import { globSync } from 'node:fs';
import { basename, join } from 'node:path';

// Prints every row of the fault table, as `file NAME` and the rows of that file, and runs none.
process.env['FAULT_ROWS'] = 'list';
for (const file of globSync('*.test.ts', { cwd: import.meta.dirname }).toSorted()) {
  process.stdout.write(`file ${basename(file, '.test.ts')}\n`);
  await import(join(import.meta.dirname, file));
}
