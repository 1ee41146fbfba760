import assert from 'node:assert/strict';
import { mkdir, mkdtemp, mkdtempDisposable, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, suite, test } from 'node:test';
import type { AutomationKind } from '../../../agent/automations/automation-kind.ts';
import { type CatalogSnapshot, openCatalog } from '../../../agent/automations/catalog.ts';
import { formatMistake } from '../../../agent/automations/catalog-mistake.ts';
import { loadCatalog } from '../../../agent/automations/load-catalog.ts';
import { shippedProbes } from '../../../agent/automations/shipped-probes.ts';
import { checkLeaks } from '../../support/leak-check.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farhand-catalog-'));
});

afterEach(() => rm(folder, { recursive: true }));

checkLeaks();

function write(name: string, text: string): Promise<void> {
  return writeFile(join(folder, name), text);
}

function getRuns(snapshot: CatalogSnapshot): Record<string, string> {
  return Object.fromEntries([...snapshot.automations.values()].map(({ name, digest }) => [name, digest]));
}

suite('catalog', () => {
  test('offers every good file of its folder and names the mistakes of the others', async () => {
    await write('a.yaml', 'run: [a]');
    await write('b.yml', 'run: [b]');
    await write('broken.yaml', 'run: b');
    await write('README.md', '# no automation');
    await write('.hidden.yaml', 'run: [c]');
    await write('bytes.yaml', '');
    await writeFile(join(folder, 'bytes.yaml'), Buffer.from([0xff, 0xfe]));
    await mkdir(join(folder, 'folder.yaml'));
    await symlink('nowhere', join(folder, 'link.yaml'));
    await write('huge.yaml', `run: [a]\n${'#'.repeat(1024 * 1024)}`);

    const { automations, mistakes } = await loadCatalog(folder);

    assert.deepEqual(
      automations.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.deepEqual(
      mistakes.map((mistake) =>
        formatMistake(mistake)
          .slice(folder.length + 1)
          .replace(/(: .{20}).*/, '$1'),
      ),
      [
        'broken.yaml:1:6: run: expected a list',
        'bytes.yaml: expected UTF-8 text,',
        'folder.yaml: expected a file, got',
        'huge.yaml: expected at most 104',
        'link.yaml: cannot be read: ENOE',
      ],
    );
  });

  test('reads folders as Kubernetes mounts them: links to files in a hidden folder', async () => {
    await mkdir(join(folder, '..2026'));
    await write('..2026/a.yaml', 'run: [a]');
    await symlink('..2026', join(folder, '..data'));
    await symlink('..data/a.yaml', join(folder, 'a.yaml'));

    const { automations, mistakes } = await loadCatalog(folder);

    assert.deepEqual([automations.length, mistakes.length], [1, 0]);
  });

  test('gives a name to the first file that has it', async () => {
    await write('a.yaml', 'name: same\nrun: [a]');
    await write('b.yaml', '# second\nname: same\nrun: [b]');

    const { automations, mistakes } = await loadCatalog(folder);

    assert.deepEqual(
      automations.map(({ file }) => file),
      [join(folder, 'a.yaml')],
    );
    assert.match(formatMistake(mistakes[0] ?? assert.fail()), /b\.yaml:2:1: the name "same" is taken by .*a\.yaml/);
  });

  test('calls a folder that is not there a mistake that names its setting', async () => {
    const { automations, mistakes } = await loadCatalog(join(folder, 'nowhere'));

    assert.equal(automations.length, 0);
    assert.match(formatMistake(mistakes[0] ?? assert.fail()), /nowhere: .*FARHAND_AUTOMATIONS.*ENOENT/);
  });

  test('keeps the last good version of a file that broke, until it is repaired or gone', async () => {
    await write('a.yaml', 'run: [one]');
    const catalog = await openCatalog(folder);
    const before = catalog.current;

    await write('a.yaml', 'run: one');
    const broken = await catalog.reload();
    await write('a.yaml', 'run: [two]');
    const repaired = await catalog.reload();
    await rm(join(folder, 'a.yaml'));
    const gone = await catalog.reload();

    assert.deepEqual(getRuns(broken), getRuns(before));
    assert.match(broken.mistakes[0]?.message ?? '', /\(until then the earlier version of "a" stays in use\)$/);
    assert.notDeepEqual(getRuns(repaired), getRuns(before));
    assert.equal(repaired.mistakes.length, 0);
    assert.equal(gone.automations.size, 0);
    assert.equal(before.automations.size, 1);
  });

  test('keeps all it has while the folder cannot be read', async () => {
    await write('a.yaml', 'run: [one]');
    const catalog = await openCatalog(folder);
    await rm(folder, { recursive: true });

    const { automations, mistakes } = await catalog.reload();

    assert.deepEqual([automations.size, mistakes.length], [1, 1]);
    await mkdir(folder);
  });

  test('lets a good file take the name of one that broke', async () => {
    await write('a.yaml', 'name: x\nrun: [one]');
    const catalog = await openCatalog(folder);
    await write('a.yaml', 'name: x\nrun: one');
    await write('b.yaml', 'name: x\nrun: [other]');

    const { automations } = await catalog.reload();

    assert.equal(automations.get('x')?.file, join(folder, 'b.yaml'));
  });

  test('tells its listeners of changes only', async () => {
    await write('a.yaml', 'run: [one]');
    const catalog = await openCatalog(folder);
    const told: number[] = [];
    const stop = catalog.onChange((snapshot) => told.push(snapshot.automations.size));

    await catalog.reload();
    await write('a.yaml', 'run: ["one"]');
    await catalog.reload();
    await write('b.yaml', 'run: [two]');
    await Promise.all([catalog.reload(), catalog.reload(), catalog.reload()]);
    stop();
    await write('c.yaml', 'run: [three]');
    await catalog.reload();

    assert.deepEqual(told, [2]);
    assert.equal(catalog.current.automations.size, 3);
  });

  describe('with what ships beside the folder', () => {
    const getKinds = ({ automations }: CatalogSnapshot) =>
      [...automations.values()].map(({ name, kind, file }) => [name, kind, dirname(file)]);

    test('offers both, each name once: the folder has the word', async () => {
      await using shipped = await mkdtempDisposable(join(tmpdir(), 'farhand-shipped-'));
      await writeFile(join(shipped.path, 'host.yaml'), 'kind: probe\nrun: ["host"]');
      await writeFile(join(shipped.path, 'ports.yaml'), 'kind: probe\nrun: ["ports"]');
      await write('other.yaml', 'name: host\nrun: [own]');

      const catalog = await openCatalog(folder, { shipped: shipped.path });

      assert.deepEqual(getKinds(catalog.current), [
        ['host', 'command', folder],
        ['ports', 'probe', shipped.path],
      ]);
      assert.deepEqual(catalog.current.mistakes, []);
    });

    test('gives a name back when the folder does, and keeps the last good version of a file that broke', async () => {
      await using shipped = await mkdtempDisposable(join(tmpdir(), 'farhand-shipped-'));
      await writeFile(join(shipped.path, 'host.yaml'), 'kind: probe\nrun: ["host"]');
      await write('host.yaml', 'run: [own]');
      const catalog = await openCatalog(folder, { shipped: shipped.path });

      await write('host.yaml', 'run: own');
      const broken = getKinds(await catalog.reload());
      await rm(join(folder, 'host.yaml'));
      const gone = getKinds(await catalog.reload());

      assert.deepEqual(broken, [['host', 'command', folder]]);
      assert.deepEqual(gone, [['host', 'probe', shipped.path]]);
    });

    test('offers what ships where there is no folder at all', async () => {
      const catalog = await openCatalog(join(folder, 'nowhere'), { shipped: shippedProbes });
      await catalog.reload();

      assert.deepEqual([...catalog.current.automations.keys()], ['host', 'listening']);
      assert.equal(catalog.current.mistakes.length, 1);
    });
  });

  test('is empty, and no mistake, without a folder that may be missing', async () => {
    const catalog = await openCatalog(join(folder, 'nowhere'), { isOptional: true });

    assert.deepEqual(catalog.current.mistakes, []);
    assert.equal(catalog.current.automations.size, 0);
  });

  test('keeps what an optional folder had when that is gone, and tells', async () => {
    const optional = join(folder, 'later');
    const catalog = await openCatalog(optional, { isOptional: true });
    await mkdir(optional);
    await writeFile(join(optional, 'a.yaml'), 'run: ["true"]');
    await catalog.reload();
    await rename(optional, join(folder, 'moved'));

    const { automations, mistakes } = await catalog.reload();

    assert.deepEqual([...automations.keys()], ['a']);
    assert.match(formatMistake(mistakes[0] ?? assert.fail()), /later: .*ENOENT/);
  });

  test('takes further kinds from whoever opens it', async () => {
    const kind: AutomationKind = {
      name: 'nothing',
      keys: {},
      graceSeconds: null,
      saidBy: [],
      isPortable: true,
      harvest: null,
      read: () => ({
        recipe: { prepare: () => ({ type: 'prepared', argv: ['true'], files: [] }) },
        needs: [],
        templates: [],
        faults: [],
      }),
    };
    await write('a.yaml', 'kind: nothing');

    const { automations } = await loadCatalog(folder, { kinds: [kind] });

    assert.equal(automations[0]?.kind, 'nothing');
  });
});
