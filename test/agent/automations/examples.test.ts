import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { formatMistake } from '../../../agent/automations/catalog-mistake.ts';
import { loadCatalog } from '../../../agent/automations/load-catalog.ts';
import { readAutomation } from './sample.ts';

const root = join(import.meta.dirname, '../../..');

suite('what a reader copies', () => {
  const folders = readdirSync(join(root, 'examples'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) {
    test(`has no mistake: examples/${name}`, async () => {
      const { automations, mistakes } = await loadCatalog(join(root, 'examples', name));

      assert.deepEqual(mistakes.map(formatMistake), []);
      assert.ok(automations.length > 0);
    });
  }

  for (const page of ['terraform.md', 'packer.md']) {
    test(`has no mistake: ${page}`, () => {
      const text = readFileSync(join(root, 'docs/guides', page), 'utf8');

      const blocks = [...text.matchAll(/```yaml\n([^`]*)```/g)].map(([, block = '']) => block);
      const [whole = '', ...parts] = blocks;

      readAutomation(whole);
      for (const part of parts) {
        // A part stands for lines of the first: its keys take the place of those.
        const keys = [...part.matchAll(/^(\w+):/gm)].map(([, key]) => key);
        const rest = whole.replace(/^(\w+):.*\n(?: .*\n)*/gm, (lines, key: string) =>
          keys.includes(key) ? '' : lines,
        );
        const open = rest.replace(/^ *additionalProperties: false\n/m, '');
        readAutomation(`${open}${part}`);
      }
    });
  }
});
