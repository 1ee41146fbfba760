import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { agentChart } from './helm/agent-chart.ts';
import { hubChart } from './helm/hub-chart.ts';
import { renderChart } from './helm/render-chart.ts';

const folder = join(import.meta.dirname, '../helm');

/** Everything in `helm/` that is generated, by its path there. */
export async function renderCharts(): Promise<ReadonlyMap<string, string>> {
  const common = await readFile(join(folder, 'common/_common.tpl'), 'utf8');
  // A chart reads no file from outside of itself.
  const rules = await readFile(join(folder, '../deploy/prometheus/farhand.rules.yml'), 'utf8');
  return new Map([
    ...[hubChart, agentChart].flatMap((chart) =>
      [...renderChart(chart, { common })].map(([path, text]) => [`${chart.name}/${path}`, text] as const),
    ),
    ['farhand-hub/generated/farhand.rules.yml', rules],
  ]);
}

if (import.meta.main) {
  for (const [path, text] of await renderCharts()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
