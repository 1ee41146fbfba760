import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderTable } from '../report/render-table.ts';
import { runToExit } from '../run-to-exit.ts';
import type { Workplace } from '../workplace.ts';
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

const options = readOptions();
if (options === null) process.exitCode = 2;
else if (options.help) process.stdout.write(soakUsage);
else await runToExit((workplace) => run(options, workplace));
