import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { hasBullmq } from '../../bench/peers/bullmq-package.ts';
import { findPeerProgram } from '../../bench/peers/find-peer-program.ts';
import { listProcesses, readWorkingFolder } from '../../bench/process-facts.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks();

/** A bench starts some ten programs, one after another. */
const patient = { timeout: 300_000 };
const main = join(import.meta.dirname, '../../bench/main.ts');

/** A run of the suite that keeps all it makes in a folder of its own. */
async function startBench(...args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-bench-test-'));
  const child: ChildProcess = spawn(process.execPath, [main, '--size', 'tiny', '--sources', ...args], {
    env: { ...process.env, KUBE_PEER: '', TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let said = '';
  child.stdout?.on('data', (bytes: Buffer) => void (printed += bytes.toString()));
  child.stderr?.on('data', (bytes: Buffer) => void (said += bytes.toString()));
  const findProcesses = () => listProcesses().filter((pid) => readWorkingFolder(pid).startsWith(`${folder}/`));
  return {
    child,
    findProcesses,
    /** Resolves when it has ended. It must have left nothing. */
    async end() {
      const code: unknown = child.exitCode ?? (await once(child, 'close'))[0];
      const left = { files: await readdir(folder), processes: findProcesses() };
      await rm(folder, { recursive: true, force: true });
      assert.deepEqual(left, { files: [], processes: [] }, said);
      return { code, printed, said };
    },
  };
}

/** The first cells of all lines of all tables. */
function readRows(markdown: string): readonly string[] {
  return markdown.split('\n').flatMap((line) => /^\| ([^|]+?) \|/.exec(line)?.[1] ?? []);
}

suite('the benchmarks, in a tiny size', () => {
  test('say that there is no cluster where there is none', async () => {
    const bench = await startBench('kubernetes');

    const { code, printed, said } = await bench.end();

    assert.equal(code, 0, said);
    assert.deepEqual(readRows(printed), ['---', 'not measured']);
    assert.match(printed, /KUBE_PEER names no folder of commands that start a Kubernetes/);
  });

  test('measure latency and jobs beside their limits', patient, async () => {
    const bench = await startBench('latency', 'jobs', '--peers', 'none');

    const { code, printed, said } = await bench.end();

    assert.equal(code, 0, said);
    const rows = readRows(printed);
    for (const row of ['farhand', 'limit: bare execa spawn', 'farhand: hub', 'farhand, % of bare execa'])
      assert.ok(rows.includes(row), `${row} in ${printed}`);
    assert.ok(printed.includes('cores'), 'the machine is told of');
    assert.doesNotMatch(printed, /NaN|undefined|: failed/);
  });

  test('measure logs, whole and masked', patient, async () => {
    const bench = await startBench('log', '--peers', 'none');

    const { code, printed, said } = await bench.end();

    assert.equal(code, 0, said);
    assert.ok(readRows(printed).includes('farhand, a secret to mask'), printed);
    assert.doesNotMatch(printed, /NaN|undefined|: failed/);
  });

  test('measure memory and starts', patient, async () => {
    const bench = await startBench('memory', 'start', '--peers', 'none');

    const { code, printed, said } = await bench.end();

    assert.equal(code, 0, said);
    const rows = readRows(printed);
    for (const row of ['agent, idle', 'limit: a bare Node, idle', 'agent: start → online'])
      assert.ok(rows.includes(row), `${row} in ${printed}`);
    assert.doesNotMatch(printed, /NaN|undefined|: failed/);
  });

  test('bring simulated agents back to a hub that was killed, and compare what both sides hold', patient, async () => {
    const bench = await startBench('agents', 'resync', '--agents', '3', '--peers', 'none');

    const { code, printed, said } = await bench.end();

    assert.equal(code, 0, said);
    assert.match(printed, /\| agents online on one hub \| 3 \|/);
    assert.ok(readRows(printed).includes('nothing changed'), printed);
    assert.doesNotMatch(printed, /NaN|undefined|: failed|> 180/);
  });

  test('measure what depends on the wire, side by side', patient, async () => {
    const bench = await startBench('wires', '--agents', '3', '--peers', 'none');

    const { code, printed, said } = await bench.end();

    assert.equal(code, 0, said);
    assert.match(printed, /\|  \| websocket \| grpc \|/);
    assert.ok(readRows(printed).includes('agent: start → online, ms'), printed);
    assert.doesNotMatch(printed, /NaN|undefined|: failed/);
  });

  test('run ssh as a peer', {
    ...patient,
    skip: findPeerProgram('sshd') === null && 'sshd is not on this machine: .ci/get-packages',
  }, async () => {
    const bench = await startBench('latency', '--peers', 'ssh');

    const { code, printed, said } = await bench.end();

    assert.equal(code, 0, said);
    assert.ok(readRows(printed).includes('ssh localhost, ControlMaster'), printed);
  });

  test('run BullMQ as a peer', {
    ...patient,
    skip:
      (findPeerProgram('redis-server') === null && 'redis-server is not on this machine: .ci/get-packages') ||
      (!hasBullmq() && 'BullMQ is not in the cache: .ci/get-bullmq'),
  }, async () => {
    const bench = await startBench('latency', '--peers', 'bullmq');

    const { code, printed, said } = await bench.end();

    assert.equal(code, 0, said);
    assert.ok(readRows(printed).includes('BullMQ, redis appendfsync always'), printed);
  });

  test('leave nothing behind when they are interrupted', async () => {
    const bench = await startBench('memory', '--peers', 'none');
    await until('something to run', () => bench.findProcesses().length >= 2, 30_000);

    bench.child.kill('SIGTERM');
    const { code } = await bench.end();

    assert.equal(code, 143);
  });

  test('name the measures where they are asked for another', async () => {
    const bench = await startBench('speed');

    const { code, said } = await bench.end();

    assert.equal(code, 2);
    assert.match(said, /expected measures of latency, jobs, .*; got speed/);
  });
});
