import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** Licences that ask for nothing but their own text. Any other wants somebody to think about it first. */
const known = new Set([
  '(Apache-2.0 AND BSD-3-Clause)',
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
]);

/** The notices of all packages of which something is bundled. `inputs` are paths relative to `root`. Throws for a licence that is not known. */
export async function renderNotices(root: string, inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.map(toPackageFolder).filter((folder) => folder !== null));
  const notices = await Promise.all([...folders].map((folder) => renderNotice(join(root, folder))));
  // A package that lies in two places is told of once.
  return [head, ...[...new Set(notices)].toSorted()].join(`\n${'-'.repeat(80)}\n\n`);
}

const head = `The files in this folder contain parts of the packages named below, each under its own licence.
farhand itself is under the Apache License 2.0; see LICENSE.
`;

function toPackageFolder(input: string): string | null {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? null;
}

async function renderNotice(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  if (license === undefined || !known.has(license)) {
    throw new Error(
      `expected ${name}@${version} to have one of the licences ${[...known].join(', ')}, got ${license}. ` +
        'If it may be shipped, add its licence to build/third-party-notices.ts',
    );
  }
  const files = (await readdir(folder)).filter((entry) => /^(?:licen[cs]e|notice)/i.test(entry)).toSorted();
  const texts = await Promise.all(files.map(async (file) => (await readFile(join(folder, file), 'utf8')).trim()));
  if (texts.length === 0) texts.push('The package comes without a text of its licence.');
  return [`${name} ${version} (${license})`, ...texts, ''].join('\n\n');
}
