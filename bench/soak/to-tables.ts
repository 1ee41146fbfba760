import type { Table } from '../report/table.ts';
import { formatValue } from './format-value.ts';
import type { SoakReport } from './soak-report.ts';

/** The figures of a report: its curves, and what came of its jobs. */
export function toTables({ findings, outcomes, warnings, surprises }: SoakReport): readonly Table[] {
  return [
    {
      title: 'Curves',
      columns: ['start', 'end', 'slope, per hour', 'seen from, per hour', 'verdict'],
      rows: findings.map(({ quantity, line, verdict, start, end, slopePerHour, seesFromPerHour }) => ({
        what: `${quantity.title}: ${line.name}`,
        cells: [
          formatValue(start, quantity.unit),
          formatValue(end, quantity.unit),
          formatValue(slopePerHour, quantity.unit),
          verdict === 'steady' || verdict === 'grows' ? formatValue(seesFromPerHour, quantity.unit) : null,
          verdict === 'grows' ? '**grows**' : verdict,
        ],
      })),
      notes: [
        'The slope is that of a straight line through all samples of the second half. For the verdict the second half is cut into ten parts, and of each the low water is taken, under which a fifth of its samples lie. A curve grows when the line through these rises by more than a floor of its own, by more than 3 % of its level and by more than three times the scatter about it, and four fifths of all pairs of parts rise. “Seen from” is what must be exceeded, in an hour: what grows more slowly than that, so short a run cannot tell.',
      ],
    },
    {
      title: 'Jobs',
      columns: ['submitted', 'ended as expected', 'not'],
      rows: outcomes.map(({ kind, submitted, asExpected, surprises: others }) => ({
        what: kind,
        cells: [submitted, asExpected, others],
      })),
      notes: surprises,
    },
    {
      title: 'Warnings of the daemons',
      columns: ['times'],
      rows: warnings.map(({ message, count }) => ({ what: message, cells: [count] })),
      notes: [],
    },
  ];
}
