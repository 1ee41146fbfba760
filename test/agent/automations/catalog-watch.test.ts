import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { systemWatchFolder } from '../../../agent/attempts/raw-watch.ts';
import { type Catalog, openCatalog } from '../../../agent/automations/catalog.ts';
import { type CatalogWatchLimits, watchCatalog } from '../../../agent/automations/catalog-watch.ts';
import { stampFolder } from '../../../agent/automations/folder-stamp.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { until } from '../../support/until.ts';
import { createAgentPlace, waitFor } from '../agent-place.ts';

/** Long enough that a test which waits for it fails. */
const never = 3_600_000;

/** The kernel alone tells of changes. */
const told: CatalogWatchLimits = { settleMs: 10, maxSettleMs: 500, patienceMs: 0, pollMs: never };

/** Nothing but looking tells of them. */
const polled: CatalogWatchLimits = { ...told, pollMs: 20 };

let root = '';
let folder = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'farhand-watch-'));
  folder = join(root, 'automations');
  await mkdir(folder);
});

afterEach(() => rm(root, { recursive: true }));

checkLeaks();

function write(name: string, text: string): Promise<void> {
  return writeFile(join(folder, name), text);
}

interface Watched extends AsyncDisposable {
  readonly catalog: Catalog;
  /** Waits until these are offered, each as `name program`, and so many mistakes are told. */
  offers(automations: readonly string[], mistakes?: number): Promise<void>;
  /** Whatever mistakes were ever told. */
  readonly everTold: Set<string>;
}

async function watch(limits: CatalogWatchLimits, watchFolder = systemWatchFolder): Promise<Watched> {
  const seen = await stampFolder(folder);
  const catalog = await openCatalog(folder);
  const everTold = new Set<string>();
  catalog.onChange(({ mistakes }) => mistakes.forEach(({ message }) => everTold.add(message)));
  const watching = watchCatalog({
    catalog,
    folder,
    seen,
    watchFolder,
    clock: systemClock,
    logger: silentLogger,
    limits,
  });
  const list = () =>
    [...catalog.current.automations.values()].map(({ name, description }) => `${name} ${description ?? ''}`.trim());
  return {
    catalog,
    everTold,
    async offers(automations, mistakes = 0) {
      const wanted = automations.join(', ');
      const isSo = () => list().join(', ') === wanted && catalog.current.mistakes.length === mistakes;
      await until(`"${wanted}" to be offered, with ${mistakes} mistakes`, isSo, 20_000);
    },
    [Symbol.asyncDispose]: () => watching[Symbol.asyncDispose](),
  };
}

/** A kernel that has no more watches to give. */
const deaf = () => ({ close: () => {} });

suite('catalog watch', () => {
  test('offers what is written, as it is written, and withdraws what is removed', async () => {
    await using watched = await watch(told);

    await write('a.yaml', 'run: [a]\ndescription: one\n');
    await watched.offers(['a one']);
    await write('a.yaml', 'run: [a]\ndescription: two\n');
    await watched.offers(['a two']);
    await write('.a.yaml.swp', 'what an editor does before it renames');
    await write('.new', 'run: [a]\ndescription: three\n');
    await rename(join(folder, '.new'), join(folder, 'a.yaml'));
    await watched.offers(['a three']);
    await rm(join(folder, 'a.yaml'));

    await watched.offers([]);
    assert.deepEqual([...watched.everTold], []);
  });

  test('sees the same where the kernel tells of nothing', async () => {
    await using watched = await watch(polled, deaf);

    await write('a.yaml', 'run: [a]\ndescription: one\n');
    await watched.offers(['a one']);
    await write('a.yaml', 'run: [a]\ndescription: two\n');
    await watched.offers(['a two']);
    await rm(join(folder, 'a.yaml'));

    await watched.offers([]);
  });

  test('misses nothing that was written while the catalog was opened', async () => {
    const seen = await stampFolder(folder);
    const catalog = await openCatalog(folder);
    await write('a.yaml', 'run: [a]\n');
    const rest = { clock: systemClock, logger: silentLogger, limits: told };
    await using _watching = watchCatalog({ catalog, folder, seen, watchFolder: deaf, ...rest });

    await until('the file to be read', () => catalog.current.automations.has('a'));
  });

  test('keeps the last good version of a file that breaks, and says so', async () => {
    await write('a.yaml', 'run: [a]\ndescription: one\n');
    await using watched = await watch(told);

    await write('a.yaml', 'run: a\n');

    await watched.offers(['a one'], 1);
    assert.match([...watched.everTold].join(), /until then the earlier version of "a" stays in use/);
    await write('a.yaml', 'run: [a]\ndescription: two\n');
    await watched.offers(['a two']);
  });

  test('calls no file broken that somebody may still be writing', async () => {
    await write('a.yaml', 'run: [a]\ndescription: one\n');
    await using watched = await watch({ ...told, patienceMs: never });

    await write('a.yaml', 'run: [a]\ndescription: "tw');
    await write('new.yaml', 'ru');
    await until('the half of a file to be read', () => watched.catalog.holdsMistakes);
    await watched.offers(['a one']);
    await write('new.yaml', 'run: [new]\n');
    await write('a.yaml', 'run: [a]\ndescription: "two"\n');
    await watched.offers(['a two', 'new']);

    assert.equal(watched.catalog.holdsMistakes, false);
    assert.deepEqual([...watched.everTold], []);
  });

  test('calls it broken when it stays so', async () => {
    await using watched = await watch({ ...told, patienceMs: 300 });

    await write('a.yaml', 'ru');
    await until('the mistake to be held', () => watched.catalog.holdsMistakes);

    await watched.offers([], 1);
  });

  test('follows a ConfigMap, whose files all change when one hidden link does', async () => {
    const publish = async (version: string) => {
      await mkdir(join(folder, `..${version}`));
      await write(`..${version}/a.yaml`, `run: [a]\ndescription: ${version}\n`);
      await symlink(`..${version}`, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await publish('one');
    await symlink('..data/a.yaml', join(folder, 'a.yaml'));
    await using watched = await watch(told);

    await publish('two');
    await rm(join(folder, '..one'), { recursive: true });
    await watched.offers(['a two']);
    await publish('three');

    await watched.offers(['a three']);
    assert.deepEqual([...watched.everTold], []);
  });

  test('sees that a link leads to another file, and that the file it leads to was written', async () => {
    await writeFile(join(root, 'one.yaml'), 'run: [a]\ndescription: one\n');
    await writeFile(join(root, 'two.yaml'), 'run: [a]\ndescription: two\n');
    await symlink('../one.yaml', join(folder, 'a.yaml'));
    await using watched = await watch(polled);

    await writeFile(join(root, 'one.yaml'), 'run: [a]\ndescription: other\n');
    await watched.offers(['a other']);
    await rm(join(folder, 'a.yaml'));
    await symlink('../two.yaml', join(folder, 'a.yaml'));

    await watched.offers(['a two']);
  });

  test('waits for a folder that is not there yet, and goes on in one that was made anew', async () => {
    await rm(folder, { recursive: true });
    await using watched = await watch(polled);
    await watched.offers([], 1);

    await mkdir(folder);
    await write('a.yaml', 'run: [a]\ndescription: one\n');
    await watched.offers(['a one']);
    await rm(folder, { recursive: true });
    await watched.offers(['a one'], 1);
    await mkdir(folder);
    await write('b.yaml', 'run: [b]\n');

    await watched.offers(['b']);
  });

  test('watches the new folder, too, once it has seen that it is another', async () => {
    const watchers: (() => void)[] = [];
    await write('a.yaml', 'run: [a]\n');
    await using watched = await watch(told, (path, onChange) => {
      watchers.push(onChange);
      return systemWatchFolder(path, onChange);
    });

    await until('the folder to be watched', () => watchers.length === 1);
    await rename(folder, join(root, 'old'));
    await mkdir(folder);
    await write('b.yaml', 'run: [b]\n');
    await watched.offers(['b']);
    await write('c.yaml', 'run: [c]\n');

    await watched.offers(['b', 'c']);
    assert.equal(watchers.length >= 2, true);
  });

  test('reads nothing for a storm of words about a folder that is as it was', async () => {
    let ring: (() => void) | null = null;
    await write('a.yaml', 'run: [a]\n');
    const seen = await stampFolder(folder);
    const catalog = await openCatalog(folder);
    let reads = 0;
    const counting: Catalog = {
      kinds: catalog.kinds,
      current: catalog.current,
      holdsMistakes: false,
      onChange: () => () => {},
      reload: () => {
        reads += 1;
        return catalog.reload();
      },
    };
    const watchFolder = (_: string, onChange: () => void) => {
      ring = onChange;
      return { close: () => {} };
    };
    await using _watching = watchCatalog({
      catalog: counting,
      folder,
      seen,
      watchFolder,
      clock: systemClock,
      logger: silentLogger,
      limits: { ...told, settleMs: 1 },
    });
    const say = await until('the folder to be watched', () => ring);

    for (let word = 0; word < 500; word++) {
      say();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await write('b.yaml', 'run: [b]\n');
    say();
    await until('the change to be read', () => reads > 0);

    assert.equal(reads, 1);
  });

  test('a job that runs keeps the automation that it was started with, whatever becomes of the file', async () => {
    await using place = await createAgentPlace();
    await write(
      'a.yaml',
      `kind: script\ninherit: [LEAK_CHECK, GATE]\nscript: |\n  echo up; ${waitFor('go')}; echo one\n`,
    );
    const seen = await stampFolder(folder);
    const catalog = await openCatalog(folder);
    await using _watching = watchCatalog({
      catalog,
      folder,
      seen,
      watchFolder: systemWatchFolder,
      clock: systemClock,
      logger: silentLogger,
      limits: told,
    });
    await place.start({ catalog });
    const id = place.hub.offer({ automation: 'a' });
    await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
    const offered = () => place.hub.agentReport?.automations.map(({ name }) => name).join(',');

    await write('b.yaml', 'run: [b]\n');
    await place.hub.until(() => offered() === 'a,b', 'the hub to hear of another automation');
    await write('b.yaml', 'run: b\n');
    await place.hub.until(
      () => place.hub.agentReport?.health.problems.some((problem) => problem.includes('b.yaml')) === true,
      'the hub to hear of the mistake',
    );
    await rm(join(folder, 'a.yaml'));
    await place.hub.until(() => offered() === 'b', 'the hub to hear that it is gone');
    await place.open('go');

    assert.equal((await place.hub.result(id)).outcome, 'succeeded');
    assert.equal(place.hub.log(id).toString(), 'up\none\n');
    const late = place.hub.offer({ automation: 'a' });
    await place.hub.until(() => place.hub.report(late)?.reason === 'unknown-automation', 'a decline');
  });
});
