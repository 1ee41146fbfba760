import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Gap } from '../../protocol/attempt-result.ts';
import { explainLog } from '../support/explain-log.ts';
import { type FarhandProcess, startFarhand } from '../support/farhand-process.ts';
import { type KubeCluster, kubeSkip, startKubeCluster } from '../support/kube-cluster.ts';
import { findClusterProcess } from './cluster-process.ts';

const cluster: KubeCluster | null = kubeSkip === false ? await startKubeCluster({ size: 'node' }) : null;
const token = 'admin-token-of-this-test';
const image = 'localhost/busybox:1';

interface Job {
  readonly id: string;
  readonly state: string;
  readonly cause: string | null;
  readonly message: string;
  readonly exitCode: number | null;
  readonly outputs: unknown;
  readonly log: { readonly complete: boolean; readonly gaps: readonly Gap[] };
}

const ended = ['succeeded', 'failed', 'cancelled', 'timed-out', 'lost'];

describe('jobs of a hub that run in a real cluster', { skip: kubeSkip }, () => {
  if (cluster === null) return;
  const { kubeconfig } = cluster;
  const kubectl = (...args: readonly string[]) => cluster.kubectl(...args);
  let root = '';
  let hub: FarhandProcess;
  let agent: FarhandProcess;
  let api = '';

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'farhand-jobs-'));
    await mkdir(join(root, 'automations'));
    await mkdir(join(root, 'ledger'));
    await chmod(root, 0o711);
    await chmod(join(root, 'ledger'), 0o777);
    await writeAutomation(
      'count',
      'echo started >>/ledger/$FARHAND_JOB_ID; i=0; while [ $i -lt 8 ]; do echo "line $i"; i=$((i+1)); sleep 0.5; done; echo "{\\"word\\":\\"$FARHAND_SECRET_WORD\\"}" >"$FARHAND_OUTPUTS"',
    );
    await writeAutomation(
      'turn',
      'for i in 1 2 3; do yes 0123456789abcdef | head -c 5000000; echo said >>/ledger/$FARHAND_JOB_ID; sleep 13; done; echo over',
    );
    await writeAutomation('wait', "trap 'exit 143' TERM; echo ready; sleep 600 & wait");
    const admin = { FARHAND_ADMIN_TOKEN: token, FARHAND_DATA: join(root, 'hub'), FARHAND_LISTEN: '127.0.0.1:0' };
    hub = startFarhand(['hub'], { environment: admin });
    api = await hub.ready();
    const made = await startFarhand(['token', 'create', '--join'], {
      environment: { FARHAND_HUB_URL: api, FARHAND_TOKEN: token },
    }).ended;
    joinToken = made.stdout.trim();
    agent = startAgent();
    await agent.ready();
  });
  after(async () => {
    await agent[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  let joinToken = '';

  function startAgent(): FarhandProcess {
    return startFarhand(['agent'], {
      log: join(root, 'agent.log'),
      environment: {
        FARHAND_HUB_URL: api.replace('http', 'ws'),
        FARHAND_JOIN_TOKEN: joinToken,
        FARHAND_NAME: 'a1',
        FARHAND_DATA: join(root, 'agent'),
        FARHAND_AUTOMATIONS: join(root, 'automations'),
        FARHAND_SLOTS: '50',
        FARHAND_KUBERNETES: 'kubeconfig',
        FARHAND_KUBECONFIG: kubeconfig,
      },
    });
  }

  async function writeAutomation(name: string, script: string): Promise<void> {
    const patch = {
      spec: {
        containers: [{ name: 'main', volumeMounts: [{ name: 'ledger', mountPath: '/ledger' }] }],
        volumes: [{ name: 'ledger', hostPath: { path: join(root, 'ledger') } }],
      },
    };
    const file = { kind: 'script', script, executor: 'kubernetes', kubernetes: { image, patch } };
    await writeFile(join(root, 'automations', `${name}.yaml`), JSON.stringify(file));
  }

  async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${api}/api/v1${path}`, { ...init, headers });
    return (path.endsWith('/log') ? await answer.text() : await answer.json()) as T;
  }

  const submit = (automation: string) =>
    call<Job>('/jobs', {
      method: 'POST',
      body: JSON.stringify({ automation, secrets: automation === 'count' ? { word: 'hunter2' } : {} }),
    });
  const readLedger = ({ id }: Job) => readFile(join(root, 'ledger', id), 'utf8').catch(() => '');
  const readLog = ({ id }: Job) => call<string>(`/jobs/${id}/log`);

  async function waitForEnd(job: Job): Promise<Job> {
    for (let polls = 0; polls < 400; polls += 1) {
      const now = await call<Job>(`/jobs/${job.id}`);
      if (ended.includes(now.state)) return now;
      await delay(250);
    }
    return assert.fail(`expected an end of ${JSON.stringify(await call(`/jobs/${job.id}`))}`);
  }

  async function waitForLog(job: Job, text: string): Promise<void> {
    for (let polls = 0; !(await readLog(job)).includes(text); polls += 1) {
      assert.ok(polls < 200, `expected ${text}: ${JSON.stringify(await call(`/jobs/${job.id}`))}`);
      await delay(100);
    }
  }

  async function expectNothingLeft(): Promise<void> {
    for (let polls = 0; ; polls += 1) {
      const left = await kubectl(
        'get',
        'jobs,pods,secrets',
        '-A',
        '-l',
        'app.kubernetes.io/managed-by=farhand',
        '-o',
        'name',
      );
      if (left === '') return;
      assert.ok(polls < 60, left);
      await delay(500);
    }
  }

  const whole = Array.from({ length: 8 }, (_, index) => `line ${index}\n`).join('');

  async function expectWhole(job: Job): Promise<void> {
    const { state, log, outputs, message } = await waitForEnd(job);
    assert.deepEqual({ state, complete: log.complete }, { state: 'succeeded', complete: true }, message);
    assert.equal(await readLog(job), whole);
    assert.doesNotMatch(JSON.stringify(outputs), /hunter2/);
    assert.equal(await readLedger(job), 'started\n');
  }

  it('come to their end with log and outputs', async () => {
    await expectWhole(await submit('count'));
    await expectNothingLeft();
  });

  it('are cancelled, and keep their log', async () => {
    const job = await submit('wait');
    await waitForLog(job, 'ready');

    await call(`/jobs/${job.id}/cancel`, { method: 'POST' });

    const { state, exitCode, log } = await waitForEnd(job);
    assert.deepEqual(
      { state, exitCode, complete: log.complete },
      { state: 'cancelled', exitCode: 143, complete: true },
    );
    await expectNothingLeft();
  });

  it('say about where something is missing when the kubelet puts a log aside while a line is open', async () => {
    const piece = '0123456789abcdef\n'.repeat(300_000).slice(0, 5_000_000);
    const said = Buffer.from(`${piece.repeat(3)}over\n`);
    const job = await submit('turn');

    const { state, log, message } = await waitForEnd(job);

    const found = Buffer.from(await readLog(job));
    assert.equal(state, 'succeeded', message);
    assert.equal(explainLog(found, said, log.gaps), null, JSON.stringify(log));
    // The runtime holds the open line, and writes it into the old file when nobody reads that any more.
    assert.notEqual(found.length, said.length);
    assert.equal(log.complete, false);
    await expectNothingLeft();
  });

  it('run once, and lose no byte, while the agent is killed over and over', async () => {
    const jobs = await Promise.all(Array.from({ length: 10 }, () => submit('count')));
    for (const pauseMs of [300, 700, 1_100, 1_900, 2_600]) {
      await delay(pauseMs);
      agent.kill('SIGKILL');
      await agent.ended;
      agent = startAgent();
    }
    await agent.ready();

    for (const job of jobs) await expectWhole(job);
    await expectNothingLeft();
  });

  it('go on while the API server is killed and comes back', async () => {
    const job = await submit('count');
    await waitForLog(job, 'line 1');

    const server = await findClusterProcess(cluster, 'apiserver');
    await server.kill();
    await delay(3_000);
    await server.startAgain();

    await expectWhole(job);
    await expectNothingLeft();
  });
});
