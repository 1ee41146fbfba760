import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lintFixture } from './lint-fixture.ts';

const projectFolder = join(import.meta.dirname, '../..');

describe('the linter', () => {
  it('keeps the process object in cli/, config.ts and shutdown.ts', async () => {
    const source = "process.on('exit', () => {});\nexport const home = process.env['HOME'];\nprocess.exit(1);\n";

    const findings = await lintFixture({
      'agent/daemon.ts': source,
      'agent/config.ts': source,
      'hub/shutdown.ts': source,
      'cli/main.ts': source,
      'hub/sly.ts': "import { env } from 'node:process';\nexport const home = env['HOME'];\n",
    });

    assert.deepEqual(findings.map(({ file, rule }) => `${file} ${rule}`).toSorted(), [
      'agent/daemon.ts no-restricted-properties',
      'agent/daemon.ts no-restricted-properties',
      'agent/daemon.ts no-restricted-properties',
      'hub/sly.ts no-restricted-imports',
    ]);
  });

  it('knows types: floating and misused promises, switches with a case missing', async () => {
    const source = `
      async function work(): Promise<void> {}
      export function start(kind: 'a' | 'b', list: string[]): void {
        work();
        list.forEach(async () => { await work(); });
        switch (kind) { case 'a': break; }
      }
    `;

    const findings = await lintFixture({ 'agent/start.ts': source });

    assert.deepEqual(findings.map(({ rule }) => rule).toSorted(), [
      'no-floating-promises',
      'no-misused-promises',
      'switch-exhaustiveness-check',
    ]);
  });

  it('reaches every file: outside the folders of tsconfig.json it would skip those rules without a word', () => {
    const { include } = JSON.parse(readFileSync(join(projectFolder, 'tsconfig.json'), 'utf8'));

    const files = globSync('**/*.ts', { cwd: projectFolder, exclude: ['node_modules', 'dist', 'coverage'] });

    assert.ok(files.length > 0);
    assert.deepEqual(
      files.filter((file) => !include.includes(file.split('/')[0])),
      [],
    );
  });
});
