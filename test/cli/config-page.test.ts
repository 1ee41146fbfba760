import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { agentConfigSchema } from '../../agent/config.ts';
import { clientConfigSchema } from '../../cli/client-config.ts';
import { renderConfigPage } from '../../cli/config-page.ts';
import { devConfigSchema } from '../../cli/dev-config.ts';
import { hubConfigSchema } from '../../hub/config.ts';
import { type ConfigSchema, toFlag } from '../../runtime/configuration/config-key.ts';
import { runCommand } from '../support/run-command.ts';

describe('what is said of the configuration', () => {
  it('docs/config.md is what the schemas say (npm run docs:config writes it)', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/config.md'), 'utf8');

    assert.equal(page, renderConfigPage());
  });

  const schemas: readonly (readonly [string, ConfigSchema])[] = [
    ['hub', hubConfigSchema],
    ['agent', agentConfigSchema],
    ['dev', devConfigSchema],
    ['jobs', clientConfigSchema],
  ];
  for (const [command, schema] of schemas) {
    it(`farhand ${command} --help names every variable and its flag`, async () => {
      const { stdout, exitCode } = await runCommand([command, '--help']);

      assert.equal(exitCode, 0);
      for (const { variable } of Object.values(schema)) {
        assert.ok(stdout.includes(`${toFlag(variable)} `), toFlag(variable));
        assert.ok(stdout.includes(variable), variable);
      }
    });
  }

  it('every default is a value that its key takes', () => {
    for (const [, schema] of schemas) {
      for (const key of Object.values(schema)) {
        if (key.default !== null) assert.notEqual(key.format.fromText(key.default), undefined, key.variable);
      }
    }
  });
});
