import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFaultTable } from '../support/fault-table.ts';
import { listFaultRows } from '../support/list-fault-rows.ts';

test('The table of docs/guarantees.md has the rows that the fault tests make, and no others', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/guarantees.md'), 'utf8');

  const told = readFaultTable(page).map(({ seen: _, ...row }) => JSON.stringify(row));
  const made = listFaultRows().map((row) => JSON.stringify(row));

  assert.deepEqual(told.toSorted(), made.toSorted(), 'npm run docs:faults makes it anew');
});
