import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadCatalog } from '../../agent/automations/load-catalog.ts';
import { createPlace, farhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { runCommand } from '../support/run-command.ts';

checkLeaks();

describe('farhand init', () => {
  it('makes a folder that the catalog takes, and says what next', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));

    const { stdout, stderr, exitCode } = await runCommand(['init'], { folder: folder.path });
    const { automations, mistakes } = await loadCatalog(join(folder.path, 'automations'));

    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.deepEqual(
      automations.map(({ name }) => name),
      ['disk-report', 'greet'],
    );
    assert.deepEqual(mistakes, []);
    assert.match(
      stdout,
      /made automations\/greet\.yaml\n[^]*Next:\n {2}farhand dev +.*\n {2}farhand run greet -p name=ada/,
    );
  });

  it('never touches what is there, and mends what is missing', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    const target = join(folder.path, 'recipes');
    mkdirSync(target);
    writeFileSync(join(target, 'greet.yaml'), 'run: ["echo", "mine"]\n');

    const { stdout } = await runCommand(['init', 'recipes'], { folder: folder.path });

    assert.equal(readFileSync(join(target, 'greet.yaml'), 'utf8'), 'run: ["echo", "mine"]\n');
    assert.deepEqual(readdirSync(target).toSorted(), ['disk-report.yaml', 'greet.yaml']);
    assert.match(stdout, /made recipes\/disk-report\.yaml\nkept recipes\/greet\.yaml: it was there already/);
    assert.match(stdout, /farhand dev --automations recipes/);
  });

  it('says what to do where no folder can be made', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
    writeFileSync(join(folder.path, 'file'), '');

    const { stderr, exitCode } = await runCommand(['init', 'file'], { folder: folder.path });

    assert.equal(exitCode, 2);
    assert.match(stderr, /cannot make the folder file: .*\n {2}Name another folder/);
  });

  it('its automations run: with parameters, a check before, outputs, and nothing left behind', async () => {
    await using place = await createPlace();
    await runCommand(['init'], { folder: place.folder });
    const hub = await place.hub();
    await using _hub = hub.process;
    await using _agent = await place.agent(hub.address, hub.client, {
      FARHAND_AUTOMATIONS: join(place.folder, 'automations'),
    });
    const run = (...args: readonly string[]) => farhand(['run', ...args], { environment: hub.client });

    const greeted = await run('greet', '-p', 'name=ada', '-p', 'times=2');
    const reported = await run('disk-report', '--json');
    const refused = await run('disk-report', '-p', 'path=/nowhere');

    assert.deepEqual([greeted.stdout, greeted.exitCode], ['hello ada from a1, 2 times\n', 0]);
    assert.equal(JSON.parse(reported.stdout).outputs.path, '/');
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /before-hook/);
    const left = readdirSync('/tmp').filter((name) => name.includes(JSON.parse(reported.stdout).id));
    assert.deepEqual(left, []);
  });
});
