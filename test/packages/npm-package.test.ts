import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { version } from '../../runtime/version.ts';
import { farhand, startFarhand } from '../support/farhand-process.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { packProgram } from '../support/packed-program.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** A user of the types: the last line is a mistake that the compiler has to find. */
const typedProgram = `
import { allItems, ApiError, createClient, type Job } from 'farhand/client';
const client = createClient({ address: 'http://127.0.0.1:1', token: null });
const job: Job = await client.getJob('x');
for await (const { id } of allItems(client.listJobs, { label: ['a=b'] })) id satisfies string;
if (job instanceof ApiError) throw job;
export const mistake: number = job.id;
`;

describe('the npm package', () => {
  let place = '';
  let program = '';

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'farhand-package-'));
    const file = await packProgram(place);
    await writeFile(join(place, 'package.json'), '{"private": true, "type": "module"}');
    // Whatever it would have to fetch besides is missing then.
    const { stderr } = await run('npm', ['install', '--offline', '--no-audit', '--no-fund', file], { cwd: place });
    assert.equal(stderr, '', 'npm has nothing to warn of');
    program = join(place, 'node_modules/.bin/farhand');
  });

  after(() => rm(place, { recursive: true, force: true }));

  checkLeaks();

  it('is all that is installed, and is built', async () => {
    const installed = (await readdir(join(place, 'node_modules'))).filter((name) => !name.startsWith('.'));
    assert.deepEqual(installed, ['farhand']);

    const files = await readdir(join(place, 'node_modules/farhand'), { recursive: true });
    assert.deepEqual(
      files.filter((file) => /(?<!\.d)\.ts$/.test(file)),
      [],
      'Node runs no .ts below node_modules',
    );
    for (const file of ['LICENSE', 'README.md', 'dist/THIRD-PARTY-NOTICES.txt']) assert.ok(files.includes(file), file);
    assert.match(
      await readFile(join(place, 'node_modules/farhand/dist/THIRD-PARTY-NOTICES.txt'), 'utf8'),
      /^fastify 5\.\d+\.\d+ \(MIT\)\n\nMIT License/m,
    );
  });

  it('brings the pages that its messages and its README name, and what they have somebody copy', async () => {
    const inside = join(place, 'node_modules/farhand');
    const files = await readdir(inside, { recursive: true });
    const readme = await readFile(join(inside, 'README.md'), 'utf8');

    const named = [...readme.matchAll(/\bdocs\/[\w/-]+\.md/g), ...readme.matchAll(/\(docs\/[\w/-]+\.md/g)].map(
      ([path]) => path.replace('(', ''),
    );
    assert.ok(named.length > 20);
    assert.deepEqual(
      [...named, 'docs/config.md', 'docs/errors.md', 'docs/guides/automations.md'].filter(
        (path) => !files.includes(path),
      ),
      [],
    );
    for (const file of ['systemd/farhand-agent.service', 'systemd/farhand.sysusers', 'prometheus/farhand.rules.yml'])
      assert.ok(files.includes(`deploy/${file}`), file);
  });

  it('says its version, makes a folder to begin with, and has completions', async () => {
    assert.deepEqual(await farhand(['--version'], { program }), { stdout: `${version}\n`, stderr: '', exitCode: 0 });

    const folder = join(place, 'begin');
    await mkdir(folder);
    const init = await farhand(['init'], { program, folder });
    assert.match(init.stdout, /^automations offers disk-report, greet$/m);

    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await farhand(['completion', shell], { program });
      assert.match(stdout, /^# Completions of farhand for/m);
    }
  });

  it('runs a hub, an agent and a job, with facts and the page of the API', async () => {
    const folder = join(place, 'dev');
    await mkdir(folder);
    const environment = { FARHAND_PROBES: 'shipped' };
    await using dev = startFarhand(['dev', '--listen', '127.0.0.1:0'], { program, folder, environment });
    const address = await dev.ready();

    const job = await farhand(['run', 'hello', '-p', 'name=ada'], { program, folder });
    assert.equal(job.exitCode, 0, job.stderr);
    assert.match(job.stdout, /ada/);

    let facts = '';
    while (!/\thost\tok/.test(facts)) facts = (await farhand(['facts'], { program, folder })).stdout;

    for (const path of ['/docs', '/docs/page.css', '/docs/page.mjs']) {
      const answer = await fetch(`${address}${path}`);
      assert.equal(answer.status, 200, path);
      assert.ok((await answer.text()).length > 1000, path);
    }

    await writeFile(
      join(place, 'use-client.mjs'),
      `import { createClient } from 'farhand/client';
       const client = createClient({ address: process.argv[2], token: process.argv[3] });
       const job = await client.submitJob({ automation: 'hello', parameters: { name: 'eve' } });
       console.log((await client.waitForJob(job.id)).state);`,
    );
    const token = (await readFile(join(folder, '.farhand/admin-token'), 'utf8')).trim();
    const used = await run(process.execPath, [join(place, 'use-client.mjs'), address, token]);
    assert.equal(used.stdout, 'succeeded\n');

    dev.kill('SIGTERM');
    assert.equal((await dev.ended).exitCode, 0);
  });

  it('runs a job without a hub', async () => {
    const document = join(place, 'job.json');
    await writeFile(document, JSON.stringify({ automation: 'hello', parameters: { name: 'ada' } }));
    const environment = { FARHAND_AUTOMATIONS: join(place, 'node_modules/farhand/examples/automations') };

    const { stdout, stderr, exitCode } = await farhand(['exec', document], { program, environment });

    assert.equal(exitCode, 0, stderr);
    assert.equal(JSON.parse(stdout).state, 'succeeded');
  });

  it('has types that find a mistake in a program which uses the client', async () => {
    await writeFile(join(place, 'typed.mts'), typedProgram);

    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const options =
      '--noEmit --strict --ignoreConfig --module nodenext --target es2024 --lib es2024,dom,esnext.disposable';
    const checked = await run(process.execPath, [compiler, ...options.split(' '), '--types', '', 'typed.mts'], {
      cwd: place,
    }).then(
      () => '',
      (error: { readonly stdout: string }) => error.stdout,
    );

    assert.equal(checked.trim(), "typed.mts(7,14): error TS2322: Type 'string' is not assignable to type 'number'.");
  });
});
