import { parseArgs } from 'node:util';
import { type ProgramChoice, toProgramChoice } from '../program-choice.ts';

export interface SoakOptions {
  readonly forMs: number;
  readonly everyMs: number;
  /** How many times the usual load. */
  readonly pace: number;
  /** Where `soak.html` and `soak.json` go. */
  readonly output: string;
  /** Whether snapshots of the heaps go there too. */
  readonly snapshots: boolean;
  readonly program: ProgramChoice;
  readonly help: boolean;
}

export const soakUsage = `
npm run soak -- [options]

Options:
  --minutes N        how long the load is kept up; 30 when left out
  --every SECONDS    between two samples; 5 when left out
  --pace N           so many times the usual load; 1 when left out
  --output FOLDER    where soak.html and soak.json go; soak-report when left out
  --snapshots        also write snapshots of the heaps after a quarter of the time and at the end; this disturbs the curves
  --program FILE     measure this farhand.mjs; otherwise the package is built and unpacked first
  --sources          measure the sources of this checkout
  --help
`;

/** Throws with a sentence for what it does not understand. */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      every: { type: 'string', default: '5' },
      pace: { type: 'string', default: '1' },
      output: { type: 'string', default: 'soak-report' },
      snapshots: { type: 'boolean', default: false },
      program: { type: 'string' },
      sources: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    forMs: toNumber('--minutes', values.minutes) * 60_000,
    everyMs: toNumber('--every', values.every) * 1_000,
    pace: toNumber('--pace', values.pace),
    output: values.output,
    snapshots: values.snapshots,
    program: toProgramChoice(values),
    help: values.help,
  };
}

function toNumber(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < 100_000)) throw new Error(`${option}: expected a number above 0; got ${text}`);
  return number;
}
