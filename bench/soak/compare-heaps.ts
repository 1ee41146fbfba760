import { renderTable } from '../report/render-table.ts';
import { type HeapSummary, summarizeHeap } from './heap-summary.ts';

const shown = 40;
const none = { count: 0, bytes: 0 };

function compare(before: HeapSummary, after: HeapSummary) {
  return [...after]
    .map(([kind, { count, bytes }]) => {
      const earlier = before.get(kind) ?? none;
      return { kind, count, more: count - earlier.count, moreBytes: bytes - earlier.bytes };
    })
    .filter(({ more }) => more > 0)
    .toSorted((a, b) => b.moreBytes - a.moreBytes)
    .slice(0, shown);
}

const [early, late] = process.argv.slice(2);
if (early === undefined || late === undefined) {
  process.stderr.write('node bench/soak/compare-heaps.ts EARLY.heapsnapshot LATE.heapsnapshot\n');
  process.exit(2);
}
const found = compare(await summarizeHeap(early), await summarizeHeap(late));
process.stdout.write(
  renderTable({
    title: 'What there is more of',
    columns: ['now', 'more', 'more KB'],
    rows: found.map(({ kind, count, more, moreBytes }) => ({ what: kind, cells: [count, more, moreBytes / 1000] })),
    notes: ['Bytes are those of the objects alone. What has the same number in both is not listed.'],
  }),
);
