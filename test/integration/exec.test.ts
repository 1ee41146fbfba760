import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Job } from '../../protocol/job.ts';
import { createPlace } from '../support/farhand-process.ts';
import { createHubApi } from '../support/hub-api.ts';
import { checkLeaks } from '../support/leak-check.ts';

checkLeaks({ settleMs: 8_000 });

const program = join(import.meta.dirname, '../../cli/farhand.mjs');
const sh = 'kind: script\nscript: eval "$FARHAND_PARAM_RUN"\ninherit: [LEAK_CHECK]\ngraceSeconds: 60\n';

interface Exec extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Resolves once the log holds this. */
  logged(text: string): Promise<void>;
  readonly ended: Promise<{ readonly stdout: Buffer; readonly stderr: Buffer; readonly exitCode: number | null }>;
}

/** `farhand exec -` in a folder, with this document on standard input; its temporary files go to `tmp` there. */
async function startExec(folder: string, document: object): Promise<Exec> {
  await mkdir(join(folder, 'automations'), { recursive: true });
  await mkdir(join(folder, 'tmp'), { recursive: true });
  await writeFile(join(folder, 'automations/sh.yaml'), sh);
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('FARHAND_'));
  const child = spawn(process.execPath, [program, 'exec', '-'], {
    cwd: folder,
    env: { ...Object.fromEntries(environment), TMPDIR: join(folder, 'tmp') },
    stdio: 'pipe',
  });
  const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => said.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.stderr.push(chunk));
  const ended = once(child, 'close').then(([exitCode]: number[]) => ({
    stdout: Buffer.concat(said.stdout),
    stderr: Buffer.concat(said.stderr),
    exitCode: exitCode ?? null,
  }));
  child.stdin.end(JSON.stringify(document));
  return {
    child,
    ended,
    async logged(text) {
      while (!Buffer.concat(said.stderr).includes(text)) {
        await Promise.race([
          once(child.stderr, 'data'),
          ended.then(() => Promise.reject(new Error(`expected ${text} before the end`))),
        ]);
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

function jobOf({ stdout }: { readonly stdout: Buffer }): Job {
  return Job.parse(JSON.parse(stdout.toString('utf8')));
}

it('farhand exec writes every byte of the log to standard error and nothing else, and cleans up behind itself', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const run = "printf '\\377\\000\\n'; yes 0123456789 | head -n 500000; head -c 100000 /dev/urandom";
  await using exec = await startExec(place.path, { automation: 'sh', parameters: { run } });

  const ended = await exec.ended;

  const { log, state } = jobOf(ended);
  assert.deepEqual([ended.exitCode, state], [0, 'succeeded']);
  assert.equal(log?.bytes, 3 + 11 * 500_000 + 100_000);
  assert.equal(ended.stderr.length, log.bytes);
  assert.equal(createHash('sha256').update(ended.stderr).digest('hex'), log.sha256);
  assert.deepEqual(await readdir(join(place.path, 'tmp')), []);
});

it('the first signal cancels the job in order', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const run = 'trap "echo told; exit 7" TERM; echo up; while :; do sleep 0.05; done';
  await using exec = await startExec(place.path, { automation: 'sh', parameters: { run } });
  await exec.logged('up\n');

  exec.child.kill('SIGINT');
  const ended = await exec.ended;

  const job = jobOf(ended);
  assert.deepEqual([ended.exitCode, job.state, job.cause, job.cancelRequested], [4, 'cancelled', 'cancelled', true]);
  assert.match(ended.stderr.toString('utf8'), /told\n/);
  assert.deepEqual(await readdir(join(place.path, 'tmp')), []);
});

it('the second signal leaves no grace, and a terminal that is closed counts as the first', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const run = 'trap "echo told" TERM; echo up; while :; do sleep 0.05; done';
  await using exec = await startExec(place.path, { automation: 'sh', parameters: { run } });
  await exec.logged('up\n');

  exec.child.kill('SIGHUP');
  await exec.logged('told\n');
  exec.child.kill('SIGTERM');
  const ended = await exec.ended;

  assert.deepEqual([ended.exitCode, jobOf(ended).state], [4, 'cancelled']);
});

it('a reader that leaves stops neither the job nor the answer', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const run = 'echo up; yes | head -c 3000000; exit 3';
  await using exec = await startExec(place.path, { automation: 'sh', parameters: { run } });
  await exec.logged('up\n');

  exec.child.stderr?.destroy();
  const ended = await exec.ended;

  const job = jobOf(ended);
  assert.deepEqual([ended.exitCode, job.exitCode, job.log?.bytes], [1, 3, 3_000_003]);
});

it('a job ends with a hub as it does without one', async () => {
  await using place = await createPlace();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-test-'));
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  await mkdir(join(folder.path, 'automations'));
  await writeFile(join(folder.path, 'automations/sh.yaml'), sh);
  await using _agent = await place.agent(address, client, { FARHAND_AUTOMATIONS: join(folder.path, 'automations') });
  const api = createHubApi(address, client['FARHAND_TOKEN'] ?? '');
  await api.takesWork('a1');
  /** What does not depend on when and where it ran. */
  const common = (job: Job) => ({
    ...job,
    id: null,
    agent: job.agent !== null,
    traceId: job.traceId !== null,
    createdAt: null,
    startedAt: job.startedAt !== null,
    finishedAt: job.finishedAt !== null,
  });
  const runs = [
    'echo "$FARHAND_SECRET_PASSWORD"; echo "a=1" > "$FARHAND_OUTPUTS"',
    'echo bad >&2; exit 9',
    'kill -TERM $$',
    'sleep 30',
  ];

  for (const run of runs) {
    const document = {
      automation: 'sh',
      parameters: { run },
      secrets: { password: 'correct horse' },
      selector: 'farhand.io/agent',
      priority: 3,
      labels: { ticket: '42' },
      timeoutSeconds: 2,
    };
    const { id } = await api.submit(document);
    await using exec = await startExec(folder.path, document);
    const [there, here] = await Promise.all([api.end(id), exec.ended]);

    assert.deepEqual(common(jobOf(here)), common(there));
    assert.deepEqual(here.stderr, await api.log(id));
  }
});
