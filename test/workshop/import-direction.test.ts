import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lintFixture } from './lint-fixture.ts';

/** Which folders a folder may import from, besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  runtime: [],
  transports: ['protocol', 'runtime'],
  sync: ['protocol', 'runtime', 'transports'],
  agent: ['protocol', 'runtime', 'transports', 'sync'],
  hub: ['protocol', 'runtime', 'transports', 'sync'],
  client: [],
  cli: ['protocol', 'runtime', 'transports', 'sync', 'agent', 'hub', 'client'],
  bench: ['protocol', 'runtime', 'transports', 'sync', 'agent', 'hub', 'client', 'cli', 'examples'],
  examples: ['protocol', 'runtime', 'transports', 'sync', 'agent', 'hub', 'client', 'cli', 'bench'],
  test: ['protocol', 'runtime', 'transports', 'sync', 'agent', 'hub', 'client', 'cli', 'bench', 'examples'],
};
const folders = Object.keys(allowed);

const forms: Readonly<Record<string, (path: string) => string>> = {
  import: (path) => `import { value } from '${path}';\nexport const copy = value;\n`,
  type: (path) => `import type { Value } from '${path}';\nexport type Copy = Value;\n`,
  reexport: (path) => `export { value } from '${path}';\n`,
  dynamic: (path) => `export const loaded = import('${path}');\n`,
};

describe('the import direction', () => {
  it('is enforced for every pair of folders, every form of import, at any depth', async () => {
    const files: Record<string, string> = {};
    const forbidden: string[] = [];
    for (const from of folders) {
      files[`${from}/value.ts`] = 'export const value = 1;\nexport type Value = number;\n';
      for (const to of folders) {
        if (to === from) continue;
        for (const [form, write] of Object.entries(forms)) {
          const shallow = `${from}/${form}-${to}.ts`;
          const deep = `${from}/one/two/${form}-${to}.ts`;
          files[shallow] = write(`../${to}/value.ts`);
          files[deep] = write(`../../../${to}/value.ts`);
          if (!allowed[from]?.includes(to)) forbidden.push(shallow, deep);
        }
      }
    }

    const findings = await lintFixture(files);

    const reported = findings.filter(({ rule }) => rule === 'no-restricted-imports').map(({ file }) => file);
    assert.deepEqual(reported.toSorted(), forbidden.toSorted());
  });

  it('leaves a folder free inside itself and with packages', async () => {
    const findings = await lintFixture({
      'agent/attempts/attempt.ts': "export { value } from '../value.ts';\nexport * from './sync/copy.ts';\n",
      'agent/attempts/sync/copy.ts': "export { join } from 'node:path';\n",
      'agent/value.ts': 'export const value = 1;\n',
    });

    assert.deepEqual(findings, []);
  });

  it('is explained where it is broken', async () => {
    const [finding] = await lintFixture({
      'agent/a.ts': "export { value } from '../hub/value.ts';\n",
      'hub/value.ts': 'export const value = 1;\n',
    });

    assert.match(finding?.text ?? '', /agent\/ may import protocol\/, runtime\/, transports\/ and sync\//);
  });

  it('allows no cycle, not even one of types', async () => {
    const findings = await lintFixture({
      'hub/a.ts': "import type { B } from './b.ts';\nexport interface A {\n  readonly b: B;\n}\n",
      'hub/b.ts': "import type { A } from './a.ts';\nexport interface B {\n  readonly a: A;\n}\n",
    });

    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ['no-cycle', 'no-cycle'],
    );
  });
});
