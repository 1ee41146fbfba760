import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFaultTable, type SeenRow } from '../support/fault-table.ts';
import { listFaultRows } from '../support/list-fault-rows.ts';

function toKey({ broken, when, outcome, file }: Omit<SeenRow, 'seen'>): string {
  return [file, broken, when, outcome].join(' | ');
}

test('The table of docs/guarantees.md has the rows that the fault tests make, and no others', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/guarantees.md'), 'utf8');

  const told = readFaultTable(page).map(toKey);
  const made = listFaultRows().map(toKey);

  assert.deepEqual(told.toSorted(), made.toSorted(), 'npm run docs:faults makes it anew');
});
