import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interruption } from '../interruption.ts';
import { renderTable } from '../report/render-table.ts';
import { Workplace } from '../workplace.ts';
import { renderReport } from './render-report.ts';
import { runSoak } from './run-soak.ts';
import { parseSoakOptions, type SoakOptions, soakUsage } from './soak-options.ts';
import { isSound, toSoakDocument } from './soak-report.ts';
import { toTables } from './to-tables.ts';

/** Null where the arguments made no sense, which was said. */
function readOptions(): SoakOptions | null {
  try {
    return parseSoakOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${soakUsage}`);
    return null;
  }
}

/** The exit code: 0 when nothing grows and every job ended as it had to, else 1. */
async function run(options: SoakOptions, workplace: Workplace): Promise<number> {
  const report = await runSoak(options, workplace);
  await mkdir(options.output, { recursive: true });
  await writeFile(join(options.output, 'soak.html'), renderReport(report));
  await writeFile(join(options.output, 'soak.json'), toSoakDocument(report));
  const head = [`# Soak of ${report.date}`, '', ...report.facts.map((fact) => `- ${fact}`), ''];
  process.stdout.write([...head, ...toTables(report).map(renderTable)].join('\n'));
  process.stderr.write(`written to ${join(options.output, 'soak.html')}\n`);
  return isSound(report) ? 0 : 1;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return 2;
  if (options.help) {
    process.stdout.write(soakUsage);
    return 0;
  }
  const interrupted = interruption();
  await using workplace = await Workplace.create();
  return await Promise.race([run(options, workplace), interrupted]);
}

try {
  // Not left to a quiet end: what was interrupted in the middle still waits for processes that are gone.
  process.exit(await main());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
