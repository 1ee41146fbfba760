import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { commandList } from '../../cli/command-list.ts';
import { renderCommandPage } from '../../cli/command-page.ts';
import { runCommand } from '../support/run-command.ts';

describe('what is said of the commands', () => {
  it('docs/cli.md is what the commands say of themselves (npm run docs:cli writes it)', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');

    assert.equal(page, await renderCommandPage());
  });

  it('every command is in it, with an example that begins with farhand', async () => {
    const page = await renderCommandPage();

    const sections = page.split(/^### /m).slice(1);
    for (const { name, hidden } of commandList) {
      if (hidden === true) assert.doesNotMatch(page, new RegExp(`### \`farhand ${name}\``));
      else assert.match(page, new RegExp(`### \`farhand ${name}\``));
    }
    for (const section of sections) assert.match(section, /\nExamples?:\n {2}.*farhand /, section.split('\n', 1)[0]);
  });

  it('farhand --help is one page: every command once, in groups, with what it is for', async () => {
    const { stdout, exitCode } = await runCommand(['--help']);

    assert.equal(exitCode, 0);
    assert.ok(stdout.split('\n').length <= 50, 'expected it to fit on a screen');
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 80),
      [],
    );
    for (const { name, summary, group, hidden } of commandList) {
      if (hidden === true) assert.doesNotMatch(stdout, new RegExp(`^ {2}${name} `, 'm'));
      else assert.match(stdout, new RegExp(`^ {2}${name} +${summary.slice(0, 20)}`, 'm'));
      assert.match(stdout, new RegExp(`^${group}$`, 'm'));
    }
  });
});
