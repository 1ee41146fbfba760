import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtempDisposable, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { checkLeaks } from '../support/leak-check.ts';

const bin = join(import.meta.dirname, '../../cli/farhand.mjs');
const stubMain = join(import.meta.dirname, 'fixtures/stub-main.ts');
const oldNode = findOldNode();
const underOldNode = { skip: oldNode === undefined ? 'no Node older than 24 on this machine' : false };

checkLeaks();

describe('farhand.mjs on a Node that is new enough', () => {
  it('runs the sources beside it with the arguments as they were', async () => {
    await using home = await createInstallation();

    const ended = home.run(process.execPath, ['report', 'a b', '--x=$(y)']);

    assert.deepEqual(JSON.parse(ended.stdout).arguments, ['report', 'a b', '--x=$(y)']);
    assert.equal(ended.stderr, '');
    assert.equal(ended.status, 0);
  });

  it('runs the bundle where there are no sources', async () => {
    await using home = await createInstallation();
    await rm(join(home.package, 'cli/main.ts'));
    await mkdir(join(home.package, 'dist'));
    await writeFile(join(home.package, 'dist/farhand.js'), 'console.log("bundle")');

    assert.equal(home.run(process.execPath, []).stdout, 'bundle\n');
  });

  it('keeps compiled code in a folder of the user', async () => {
    await using home = await createInstallation();

    home.run(process.execPath, ['report']);

    assert.deepEqual(await readdir(join(home.cache, 'farhand')), ['compile-cache']);
  });

  it('does without the cache where others could write it', async () => {
    await using home = await createInstallation();
    await mkdir(join(home.cache, 'farhand'), { recursive: true });
    await chmod(join(home.cache, 'farhand'), 0o777);

    const ended = home.run(process.execPath, ['exit', '5']);

    assert.deepEqual(await readdir(join(home.cache, 'farhand')), []);
    assert.equal(ended.status, 5);
  });
});

describe('farhand.mjs on an older Node', underOldNode, () => {
  it('runs the program on the Node that FARHAND_NODE names, with arguments and exit code as they were', async () => {
    await using home = await createInstallation();
    const environment = { FARHAND_NODE: process.execPath };

    const reported = home.run(oldNode, ['report', 'a b', ''], environment);
    const failed = home.run(oldNode, ['exit', '5'], environment);

    assert.deepEqual(JSON.parse(reported.stdout), {
      arguments: ['report', 'a b', ''],
      version: process.version,
      isMarked: false,
    });
    assert.equal(reported.stderr, '');
    assert.equal(failed.status, 5);
  });

  it('finds the Node that is installed with the package', async () => {
    await using home = await createInstallation();
    await mkdir(join(home.package, 'node_modules/.bin'), { recursive: true });
    await symlink(process.execPath, join(home.package, 'node_modules/.bin/node'));

    assert.equal(home.run(oldNode, ['exit', '4']).status, 4);
  });

  it('finds the Node that is installed beside the package', async () => {
    await using home = await createInstallation('node_modules/farhand');
    await rm(join(home.package, 'cli/main.ts'));
    await mkdir(join(home.package, 'dist'));
    await writeFile(join(home.package, 'dist/farhand.js'), 'console.log("bundle")');
    await mkdir(join(home.package, '../node/bin'), { recursive: true });
    await symlink(process.execPath, join(home.package, '../node/bin/node'));

    assert.equal(home.run(oldNode, []).stdout, 'bundle\n');
  });

  it('says what it expected, what it found and what to do when there is no newer one', async () => {
    await using home = await createInstallation();

    const ended = home.run(oldNode, ['report']);
    const misled = home.run(oldNode, ['report'], { FARHAND_NODE: oldNode ?? '' });

    assert.match(ended.stderr, /expected Node 24 or newer, but this is Node v\d+/);
    assert.match(ended.stderr, /Install Node 24, or set FARHAND_NODE/);
    assert.equal(ended.stdout, '');
    assert.equal(ended.status, 2);
    assert.match(misled.stderr, /FARHAND_NODE names no better one/);
    assert.equal(misled.status, 2);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`passes on ${signal} once`, async () => {
      await using home = await createInstallation();
      const program = await home.start(oldNode);

      program.kill(signal);

      assert.deepEqual(await program.ended, { code: 7, signal: null, lines: [signal] });
    });
  }

  it('passes on a signal to the whole process group once', async () => {
    await using home = await createInstallation();
    const program = await home.start(oldNode);

    process.kill(-program.pid, 'SIGINT');

    assert.deepEqual(await program.ended, { code: 7, signal: null, lines: ['SIGINT'] });
  });

  it('dies by the signal that the program died by', async () => {
    await using home = await createInstallation();

    const ended = home.run(oldNode, ['die', 'SIGTERM'], { FARHAND_NODE: process.execPath });

    assert.equal(ended.signal, 'SIGTERM');
  });

  it('takes the program along when it is killed', async () => {
    await using home = await createInstallation();
    const program = await home.start(oldNode);

    program.kill('SIGKILL');
    await program.ended;

    while (isAlive(program.innerPid)) await delay(5);
  });
});

it('farhand.mjs holds nothing that Node 12 cannot read', () => {
  const source = readFileSync(bin, 'utf8');

  for (const tooNew of [/\?\./, /\?\?/, /^await /m, /'node:/, /#\w+[;(=]/, /\bclass\b/, /\|\|=|&&=/, /\d_\d/]) {
    assert.doesNotMatch(source, tooNew);
  }
});

/** A copy of the bin, a stand-in for the program beside it, and a home of their own. */
async function createInstallation(packagePath = 'farhand') {
  const folder = await mkdtempDisposable(join(tmpdir(), 'farhand-bin-'));
  const packageFolder = join(folder.path, packagePath);
  const cache = join(folder.path, 'cache');
  const entry = join(packageFolder, 'cli/farhand.mjs');
  await mkdir(join(packageFolder, 'cli'), { recursive: true });
  await mkdir(cache);
  await writeFile(join(packageFolder, 'package.json'), '{ "type": "module" }');
  await cp(bin, entry);
  await cp(stubMain, join(packageFolder, 'cli/main.ts'));
  const environment = { ...process.env, XDG_CACHE_HOME: cache, FARHAND_NODE: '' };

  return {
    package: packageFolder,
    cache,
    [Symbol.asyncDispose]: () => folder.remove(),

    run(node = '', commandLine: readonly string[], extraEnvironment: Readonly<Record<string, string>> = {}) {
      const env = { ...environment, ...extraEnvironment };
      return spawnSync(node, [entry, ...commandLine], { env, encoding: 'utf8', timeout: 20_000 });
    },

    /** Resolves once the program waits for signals. */
    async start(node = '') {
      const child = spawn(node, [entry, 'wait'], {
        env: { ...environment, FARHAND_NODE: process.execPath },
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines: string[] = [];
      const { promise: ready, resolve } = Promise.withResolvers<string>();
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('ready ')) resolve(line);
        else lines.push(line);
      });
      const ended = new Promise<{ code: number | null; signal: string | null; lines: string[] }>((settle) => {
        child.on('close', (code, signal) => settle({ code, signal, lines }));
      });
      const innerPid = Number((await ready).split(' ')[1]);
      return { pid: child.pid ?? 0, innerPid, ended, kill: (signal: NodeJS.Signals) => child.kill(signal) };
    },
  };
}

/** The first Node on the PATH that is too old, if there is one. */
function findOldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => {
      const major = /^v(\d+)/.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
      return major !== undefined && Number(major) < 24;
    });
}

function isAlive(pid: number): boolean {
  // A killed process stays as a zombie where nobody reaps it; that one has no command line.
  if (process.platform === 'linux') {
    return existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
