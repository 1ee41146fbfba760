import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { kubePeer, kubeSkip } from '../support/kube-cluster.ts';

const main = join(import.meta.dirname, '../../bench/main.ts');

suite('the benchmark of a cluster, in a tiny size', { skip: kubeSkip }, () => {
  test('measures farhand beside kubectl and bare Jobs, finds the same calls as the server, and leaves nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'farhand-bench-test-'));
    const env = { ...process.env, TMPDIR: folder, KUBE_PEER: kubePeer };

    const args = [main, 'kubernetes', '--size', 'tiny', '--sources', '--peers', 'none'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    const left = await readdir(folder);
    await rm(folder, { recursive: true });

    const cellsOf = (what: string) =>
      stdout
        .split('\n')
        .find((line) => line.startsWith(`| ${what} |`))
        ?.split('|')
        .slice(2, -1)
        .map((cell) => cell.trim()) ?? [];
    for (const row of [
      'kubectl create job, wait, logs',
      'limit: one call that makes a Job, and a watch',
      'limit: one call that makes a Job, a watch, one that deletes it',
      'farhand, log of the kubelet: of 2',
    ]) {
      assert.ok(cellsOf(row).length > 0, `${row} in ${stdout}`);
    }
    for (const call of ['create jobs', 'create secrets', 'patch jobs', 'delete jobs']) {
      const [ours, servers] = cellsOf(`farhand, log of the kubelet: ${call}`);
      assert.deepEqual([ours, servers], ['1', '1'], `${call} in ${stdout}`);
    }
    assert.doesNotMatch(stdout, /NaN|undefined|: failed/);
    assert.deepEqual(left, []);
  });
});
