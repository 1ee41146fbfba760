import type { Bench } from './bench.ts';
import { bundlePrograms } from './bundle-programs.ts';
import { readMachineFacts } from './machine-facts.ts';
import { measures } from './measures.ts';
import { type BenchOptions, parseOptions, usage } from './options.ts';
import { openProgram, programWords } from './program-choice.ts';
import { renderTable } from './report/render-table.ts';
import { runToExit } from './run-to-exit.ts';
import { sizes } from './sizes.ts';
import type { Workplace } from './workplace.ts';
import { writeResults } from './write-results.ts';

async function createBench(options: BenchOptions, workplace: Workplace): Promise<Bench> {
  const say = (text: string) => void process.stderr.write(`  ${text}\n`);
  const { program, agents, size } = options;
  return {
    workplace,
    program: await openProgram(program, { workplace, say }),
    servant: await bundlePrograms(workplace.path('programs')),
    sizes: agents === null ? sizes[size] : { ...sizes[size], agents: { ...sizes[size].agents, count: agents } },
    peers: options.peers,
    say,
  };
}

async function run(options: BenchOptions, workplace: Workplace): Promise<number> {
  const began = new Date();
  const parts: string[] = [];
  const print = (text: string) => {
    parts.push(text);
    process.stdout.write(`${text}\n`);
  };
  const facts = await readMachineFacts(workplace.folder);
  print(
    `# ${began.toISOString().slice(0, 10)}\n\n${[...facts, `Measured: ${programWords[options.program.type]}`].map((fact) => `- ${fact}`).join('\n')}\n`,
  );
  const bench = await createBench(options, workplace);
  let failed = 0;
  for (const measure of measures.filter(({ name }) => options.measures.includes(name))) {
    process.stderr.write(`${measure.name}\n`);
    const from = performance.now();
    try {
      for (const table of await measure.run(bench)) print(renderTable(table));
    } catch (error) {
      if (workplace.isOver) break;
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      print(`### ${measure.name}: failed\n\n${error instanceof Error ? error.message : String(error)}\n`);
      failed += 1;
    }
    bench.say(`took ${((performance.now() - from) / 1000).toFixed(0)} s`);
  }
  if (options.writes && !workplace.isOver)
    process.stderr.write(`written to ${await writeResults(parts.join('\n'), began)}\n`);
  return failed === 0 ? 0 : 1;
}

/** Null where the arguments made no sense, which was said. */
function readOptions(): BenchOptions | null {
  try {
    return parseOptions(
      process.argv.slice(2),
      measures.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage(measures)}`);
    return null;
  }
}

const options = readOptions();
if (options === null) process.exitCode = 2;
else if (options.help) process.stdout.write(usage(measures));
else await runToExit((workplace) => run(options, workplace));
