import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const projectFolder = join(import.meta.dirname, '../..');

/** What the linter said of one file: the rule, without its plugin, and the message with the advice. */
export interface Finding {
  readonly file: string;
  readonly rule: string;
  readonly text: string;
}

/** Lints the given files (path → source) with the project's own rules, in a folder of their own. */
export async function lintFixture(files: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-lint-'));
  await cp(join(projectFolder, '.oxlintrc.json'), join(folder.path, '.oxlintrc.json'));
  const compilerOptions = { target: 'es2024', module: 'nodenext', strict: true, allowImportingTsExtensions: true };
  await writeFile(
    join(folder.path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, noEmit: true } }),
  );
  for (const [path, source] of Object.entries(files)) {
    await mkdir(join(folder.path, dirname(path)), { recursive: true });
    await writeFile(join(folder.path, path), source);
  }

  const linter = join(projectFolder, 'node_modules/oxlint/bin/oxlint');
  const { stdout, stderr } = spawnSync(process.execPath, [linter, '--type-aware', '--format=json'], {
    cwd: folder.path,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!stdout.startsWith('{')) throw new Error(`expected JSON from the linter, got: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] };
  return diagnostics.map(({ filename, code, message, help }) => ({
    file: filename,
    rule: code.replace(/^.*\((.*)\)$/, '$1'),
    text: `${message} ${help ?? ''}`,
  }));
}

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
  readonly message: string;
  readonly help?: string;
}
