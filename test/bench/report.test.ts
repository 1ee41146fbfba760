import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseMoment } from '../../bench/moment.ts';
import { quantile } from '../../bench/report/quantile.ts';
import { renderTable } from '../../bench/report/render-table.ts';

suite('a table of figures', () => {
  test('says beside each target whether it was met, or that it was not measured', () => {
    const text = renderTable({
      title: 'Times',
      columns: ['ms'],
      rows: [
        { what: 'quick', cells: [1.234], target: { text: '≤ 2', met: true } },
        { what: 'slow', cells: [1234.5], target: { text: '≤ 2', met: false } },
        { what: 'unknown', cells: [null], target: { text: '≤ 2', met: null } },
        { what: 'limit', cells: [12.34] },
      ],
      notes: ['A note.'],
    });

    assert.deepEqual(text.split('\n'), [
      '### Times',
      '',
      '|  | ms | target | verdict |',
      '| --- | ---: | --- | --- |',
      '| quick | 1.23 | ≤ 2 | met |',
      '| slow | 1235 | ≤ 2 | **not met** |',
      '| unknown | – | ≤ 2 | not measured |',
      '| limit | 12.3 |  |  |',
      '',
      'A note.',
      '',
    ]);
  });

  test('has no columns for targets where nothing has one', () => {
    const text = renderTable({ title: 'T', columns: ['a'], rows: [{ what: 'r', cells: ['x'] }], notes: [] });

    assert.equal(text, '### T\n\n|  | a |\n| --- | ---: |\n| r | x |\n');
  });

  test('takes quantiles from values in any order', () => {
    const values = Array.from({ length: 200 }, (_, index) => 199 - index);

    assert.equal(quantile(values, 0), 0);
    assert.equal(quantile(values, 0.5), 100);
    assert.equal(quantile(values, 0.99), 198);
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });

  test('takes a moment to the microsecond, and nothing else for one', () => {
    assert.equal(parseMoment('1767225600123456789\n'), 1767225600123.456);
    assert.throws(() => parseMoment('soon'), /expected nanoseconds since 1970/);
  });
});
