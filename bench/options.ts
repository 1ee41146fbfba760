import { parseArgs } from 'node:util';
import { type PeerName, peerNames } from './peers/peer-names.ts';
import { type ProgramChoice, toProgramChoice } from './program-choice.ts';
import { type SizeName, sizes } from './sizes.ts';

export interface BenchOptions {
  /** Names of measures; all when there is none. */
  readonly measures: readonly string[];
  readonly size: SizeName;
  readonly agents: number | null;
  readonly peers: ReadonlySet<PeerName>;
  readonly program: ProgramChoice;
  readonly writes: boolean;
  readonly help: boolean;
}

export const usage = (measures: readonly { readonly name: string; readonly about: string }[]): string => `
npm run bench -- [measure …] [options]

Measures, all when none is named:
${measures.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}

Options:
  --write            also write bench/results/<date>.md
  --program FILE     measure this farhand.mjs; otherwise the package is built and unpacked first
  --sources          measure the sources of this checkout
  --agents N         how many agents one hub is to hold (measure "agents"); ${sizes.default.agents.count} when left out
  --peers LIST       ${peerNames.join(',')}, or none; all when left out
  --size tiny        whether everything runs: the figures mean nothing
  --help
`;

/** Throws with a sentence for what it does not understand. */
export function parseOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      program: { type: 'string' },
      sources: { type: 'boolean', default: false },
      agents: { type: 'string' },
      peers: { type: 'string', default: peerNames.join(',') },
      size: { type: 'string', default: 'default' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`expected measures of ${known.join(', ')}; got ${unknown.join(', ')}`);
  return {
    measures: positionals.length === 0 ? known : known.filter((name) => positionals.includes(name)),
    size: oneOf('--size', ['default', 'tiny'] as const, values.size),
    agents: values.agents === undefined ? null : toCount(values.agents),
    peers: toPeers(values.peers),
    program: toProgramChoice(values),
    writes: values.write,
    help: values.help,
  };
}

function toPeers(text: string): ReadonlySet<PeerName> {
  if (text === 'none') return new Set();
  return new Set(text.split(',').map((name) => oneOf('--peers', peerNames, name)));
}

function oneOf<T extends string>(option: string, words: readonly T[], word: string): T {
  const found = words.find((known) => known === word);
  if (found === undefined) throw new Error(`${option}: expected ${words.join(', ')}; got ${word}`);
  return found;
}

function toCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--agents: expected a whole number from 1; got ${text}`);
  return count;
}
