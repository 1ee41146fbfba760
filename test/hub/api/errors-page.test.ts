import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { KubernetesError, kubernetesErrorCodes } from '../../../agent/kubernetes/kubernetes-error.ts';
import { exitCodes } from '../../../cli/exit-code.ts';
import { causes } from '../../../protocol/cause.ts';
import { waitingReasons } from '../../../protocol/job.ts';
import { problems } from '../../../protocol/problem.ts';

const page = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

/** Cells of the rows of the table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('docs/errors.md', () => {
  it('has every problem with its status, and no other', () => {
    const rows = rowsUnder('Problems');

    assert.deepEqual(
      Object.fromEntries(rows.map(([code, status]) => [code?.replaceAll('`', ''), Number(status)])),
      Object.fromEntries(Object.entries(problems).map(([code, { status }]) => [code, status])),
    );
  });

  it('has every cause, says truly whether it can be retried, and no other', () => {
    const rows = rowsUnder('Causes');

    assert.deepEqual(
      Object.fromEntries(rows.map(([cause, retry]) => [cause?.replaceAll('`', ''), retry])),
      Object.fromEntries(Object.entries(causes).map(([cause, { retryable }]) => [cause, retryable ? 'yes' : 'no'])),
    );
  });

  it('has every code of a cluster, says truly whether the same call may go well later, and no other', () => {
    const rows = rowsUnder('Codes of a cluster');

    assert.deepEqual(
      rows.map(([code, again]) => [code?.replaceAll('`', ''), again]),
      kubernetesErrorCodes.map((code) => [code, new KubernetesError(code, '').isRetryable ? 'yes' : 'no']),
    );
  });

  it('has every reason to wait, and no other', () => {
    assert.deepEqual(
      rowsUnder('Reasons').map(([reason]) => reason?.replaceAll('`', '')),
      [...waitingReasons, 'no-agent'],
    );
  });

  it('has every exit code under its number, and beside them only Ctrl-C', () => {
    const rows = rowsUnder('Exit codes').map(([code, name]) => [name?.replaceAll('`', ''), code?.replaceAll('`', '')]);

    assert.deepEqual(rows.pop(), ['', '130']);
    assert.deepEqual(
      rows,
      Object.entries(exitCodes).map(([name, code]) => [name, String(code)]),
    );
  });

  it('says of each what it means and what to do', () => {
    for (const row of ['Problems', 'Causes', 'Codes of a cluster'].flatMap(rowsUnder)) {
      assert.equal(row.length, 4, row[0]);
      for (const cell of row) assert.notEqual(cell, '', row[0]);
    }
  });
});
