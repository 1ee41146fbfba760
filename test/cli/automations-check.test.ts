import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { writeKubeconfig } from '../agent/kubernetes/write-kubeconfig.ts';
import { answerStatus, FakeKubernetes } from '../support/fake-kubernetes.ts';
import { runCommand } from '../support/run-command.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farhand-check-'));
  await mkdir(join(folder, 'automations'));
});

afterEach(() => rm(folder, { recursive: true }));

function write(name: string, text: string): Promise<void> {
  return writeFile(join(folder, 'automations', name), text);
}

suite('farhand automations check', () => {
  test('prints each mistake with its place and what to do, and exits with 2', async () => {
    await write('a.yaml', 'kind: comand\nrun: [a]\n');
    await write('b.yaml', 'run: [b]\ntimeout: 5\n');
    await write('c.yaml', 'run: [c]\n');

    const { stdout, stderr, exitCode } = await runCommand(['automations', 'check'], { folder });

    assert.equal(exitCode, 2);
    assert.match(stdout, /^automations\/a\.yaml:1:7: kind: .*did you mean "command"\?$/m);
    assert.match(stdout, /^automations\/b\.yaml:2:1: timeout: unknown key: /m);
    assert.equal(stdout.split('\n').length, 3);
    assert.equal(stderr, '2 mistakes; 1 automation in order\n');
  });

  test('prints what would be offered when all is well', async () => {
    await write('a.yaml', 'run: [a]\ndescription: First\nparameters: {properties: {n: {}}, required: [n]}\n');
    await write('b.yml', 'name: other\nscript: b\n');
    await write('c.yaml', 'kind: probe\nrun: [c]\n');

    const { stdout, stderr, exitCode } = await runCommand(['automations', 'check', 'automations'], { folder });

    assert.equal(exitCode, 0);
    assert.equal(
      stdout,
      'a\tcommand\tautomations/a.yaml\tn\tFirst\nother\tscript\tautomations/b.yml\tany\t\nc\tprobe\tautomations/c.yaml\t-\t\n',
    );
    assert.equal(stderr, '');
  });

  test('prints one document for programs, with the folder of FARHAND_AUTOMATIONS', async () => {
    await write('a.yaml', 'run: [a]\n');
    await write('b.yaml', 'run: b\n');
    const environment = { FARHAND_AUTOMATIONS: join(folder, 'automations') };

    const { stdout, exitCode } = await runCommand(['automations', 'check', '--json'], { environment });

    const document = JSON.parse(stdout);
    assert.equal(exitCode, 2);
    assert.equal(document.folder, join(folder, 'automations'));
    assert.deepEqual(
      document.automations.map(({ name, file }: { name: string; file: string }) => [name, file]),
      [['a', join(folder, 'automations/a.yaml')]],
    );
    assert.deepEqual(
      document.mistakes.map(({ file, line, column }: { file: string; line: number; column: number }) => [
        file,
        line,
        column,
      ]),
      [[join(folder, 'automations/b.yaml'), 1, 6]],
    );
  });

  test('reads one file', async () => {
    await write('a.yaml', 'run: [a]\n');
    await write('b.yaml', 'run: b\n');
    await write('notes.txt', 'run: [c]\n');

    const good = await runCommand(['automations', 'check', 'automations/a.yaml'], { folder });
    const bad = await runCommand(['automations', 'check', 'automations/b.yaml'], { folder });
    const other = await runCommand(['automations', 'check', 'automations/notes.txt'], { folder });

    assert.deepEqual([good.exitCode, good.stdout], [0, 'a\tcommand\tautomations/a.yaml\tany\t\n']);
    assert.equal(bad.exitCode, 2);
    assert.match(bad.stdout, /^automations\/b\.yaml:1:6: run: /);
    assert.equal(other.exitCode, 2);
    assert.match(other.stdout, /^automations\/notes\.txt: expected a name that ends in \.yaml/);
  });

  test('says so when the folder is not there, or holds nothing that counts', async () => {
    const nowhere = await runCommand(['automations', 'check', 'nowhere'], { folder });
    const empty = await runCommand(['automations', 'check'], { folder });

    assert.equal(nowhere.exitCode, 2);
    assert.match(nowhere.stdout, /^nowhere: the folder of automations cannot be read: ENOENT/);
    assert.deepEqual([empty.exitCode, empty.stdout], [0, '']);
    assert.match(empty.stderr, /there is no \*\.yaml in .*automations/);
  });

  suite('with what is to run in a cluster', () => {
    const pod = (image: string) => `run: [a]\nexecutor: kubernetes\nkubernetes: {image: "${image}"}\n`;

    async function checkAt(server: FakeKubernetes, ...more: readonly string[]) {
      const environment = {
        FARHAND_KUBERNETES: 'kubeconfig',
        FARHAND_KUBECONFIG: writeKubeconfig(server, { user: { token: server.token } }),
      };
      return runCommand(['automations', 'check', ...more], { folder, environment });
    }

    test('tells what the cluster does not take, in its own words', async () => {
      await using server = await FakeKubernetes.start();
      server.intercept = (request, response) =>
        request.body.includes('"image":"bad"') &&
        answerStatus(response, 403, { reason: 'Forbidden', message: 'a policy says no' });
      await write('good.yaml', pod('good'));
      await write('bad.yaml', pod('bad'));
      await write('here.yaml', 'run: [a]\n');

      const { stdout, stderr, exitCode } = await checkAt(server);

      assert.equal(exitCode, 2);
      assert.match(stdout, /^automations\/bad\.yaml: the cluster does not take its Job .*: a policy says no\n$/);
      assert.equal(stderr, '1 mistake; 2 automations in order\n');
      assert.deepEqual(
        server.requests.map(({ query }) => query.get('dryRun')),
        ['All', 'All'],
      );
    });

    test('says that the cluster cannot be asked, and calls nothing a mistake for it', async () => {
      await using server = await FakeKubernetes.start();
      await write('good.yaml', pod('good'));
      await server.stop();

      const { stdout, stderr, exitCode } = await checkAt(server);
      const document = JSON.parse((await checkAt(server, '--json')).stdout);

      assert.equal(exitCode, 0);
      assert.match(stdout, /^good\t/);
      assert.match(stderr, /^good: not tried in the cluster: create jobs\.batch /);
      assert.match(document.untried, /^good: not tried in the cluster: /);
      assert.deepEqual([document.mistakes, document.automations.length], [[], 1]);
    });

    test('says that no cluster is named', async () => {
      await write('good.yaml', pod('good'));

      const { stderr, exitCode } = await runCommand(['automations', 'check'], { folder });

      assert.deepEqual([exitCode, stderr], [0, 'good: not tried in a cluster, FARHAND_KUBERNETES is off\n']);
    });
  });
});
