import type { RandomFaultsFigures } from './random-faults.ts';

/** For whoever reads a long run's output. */
export function printFigures(figures: RandomFaultsFigures, seed: number): void {
  const { jobs, starts, bytes, corrected, ends, strikes } = figures;
  process.stdout.write(
    `\n${jobs} jobs accepted and ended, ${starts} starts, ${bytes} bytes of log compared, ${corrected} ends corrected; ` +
      `seed ${seed}\n${toTable('end', ends)}${toTable('strike', strikes)}0 lost, 0 doubled, every byte equal\n`,
  );
}

function toTable(title: string, counts: Readonly<Record<string, number>>): string {
  const rows = Object.entries(counts).sort(([, first], [, second]) => second - first);
  return `${rows.map(([name, count]) => `${String(count).padStart(6)}  ${title}: ${name}\n`).join('')}\n`;
}
