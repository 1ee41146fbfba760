import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { createPlace, type Environment, farhand, type Place, startFarhand } from '../support/farhand-process.ts';
import { createHubApi } from '../support/hub-api.ts';
import { endsOf, parseJobLog, textOf } from '../support/job-log-lines.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { until } from '../support/until.ts';

checkLeaks({ settleMs: 8_000 });

const program = join(import.meta.dirname, '../../cli/farhand.mjs');
const sh = 'kind: script\nscript: eval "$FARHAND_PARAM_RUN"\n';

async function makeAutomations(place: Place): Promise<string> {
  const folder = join(place.folder, 'automations');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'sh.yaml'), sh);
  return folder;
}

/** What an agent of the place is told. */
async function toAgentEnvironment(place: Place, address: string, client: Environment): Promise<Environment> {
  const { stdout } = await farhand(['token', 'create', '--join'], { environment: client });
  return {
    FARHAND_HUB_URL: address.replace('http', 'ws'),
    FARHAND_JOIN_TOKEN: stdout.trim(),
    FARHAND_NAME: 'a1',
    FARHAND_DATA: join(place.folder, 'agent'),
    FARHAND_AUTOMATIONS: await makeAutomations(place),
    FARHAND_DRAIN_SECONDS: '0',
  };
}

/** Waits until these files are there: what a job does to say where it is. */
function waitForFile(path: string): string {
  return `until [ -e "${path}" ]; do sleep 0.05; done`;
}

it('standard output of an agent is its ready line, then lines of jobs; with --once all of them before it ends', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  const environment = await toAgentEnvironment(place, address, client);
  const request = ['run', 'sh', '--queue-unknown', '--detach', '-p'];
  const job = await farhand([...request, 'run=seq 1 20000'], { environment: client });

  const { stdout, exitCode } = await farhand(['agent', '--once'], {
    environment: { ...environment, FARHAND_JOB_LOG: 'stdout' },
  });

  const [ready = '', ...lines] = stdout.split('\n');
  const entries = parseJobLog(lines.join('\n'));
  assert.match(ready, /^farhand agent ready http/);
  assert.equal(exitCode, 0);
  const attempt = entries[0]?.attempt ?? '';
  const log = await farhand(['logs', job.stdout.trim()], { environment: client });
  assert.equal(textOf(entries, attempt), log.stdout);
  assert.deepEqual([log.stdout.split('\n').length, endsOf(entries, attempt).length], [20_001, 1]);
});

it('an agent whose standard output nobody reads runs jobs as ever, and leaves when it is told to', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  const environment = await toAgentEnvironment(place, address, client);
  const child = startPiped(environment);
  await once(child, 'spawn');
  try {
    const api = createHubApi(address, client['FARHAND_TOKEN'] ?? '');

    const { id } = await api.submit({ automation: 'sh', parameters: { run: 'seq 1 100000' } });
    const ended = await api.end(id);
    const next = await api.end((await api.submit({ automation: 'sh', parameters: { run: 'echo next' } })).id);

    assert.deepEqual([ended.state, next.state], ['succeeded', 'succeeded']);
    assert.equal((await api.log(id)).toString().split('\n').length, 100_001);
    child.kill('SIGTERM');
    const [exitCode] = await once(child, 'exit');
    assert.equal(exitCode, 0);
  } finally {
    child.kill('SIGKILL');
    child.stdout?.destroy();
  }
});

it('an agent whose reader of standard output left goes on', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  const environment = await toAgentEnvironment(place, address, client);
  const child = startPiped(environment);
  child.stdout?.destroy();
  const api = createHubApi(address, client['FARHAND_TOKEN'] ?? '');
  try {
    for (const text of ['one', 'two', 'three']) {
      const { id } = await api.submit({ automation: 'sh', parameters: { run: `echo ${text}` } });
      assert.equal((await api.end(id)).state, 'succeeded');
    }

    assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
    await until('the hub to be told', async () => {
      const { health } = await api.agent('a1');
      return health?.problems.some((problem) => problem.startsWith('job log stdout cannot be written'));
    });
    child.kill('SIGTERM');
    const [exitCode] = await once(child, 'exit');
    assert.equal(exitCode, 0);
  } finally {
    child.kill('SIGKILL');
  }
});

it('no line is missing when an agent is killed while a job prints, and the file is rotated meanwhile', async () => {
  await using place = await createPlace();
  const { process: hub, address, client } = await place.hub();
  await using _hub = hub;
  const path = join(place.folder, 'jobs.jsonl');
  const environment = { ...(await toAgentEnvironment(place, address, client)), FARHAND_JOB_LOG: path };
  const api = createHubApi(address, client['FARHAND_TOKEN'] ?? '');
  const gate = join(place.folder, 'go');
  const run = `i=0; until [ -e "${gate}" ]; do i=$((i+1)); echo "line $i"; sleep 0.002; done; echo last`;
  const read = async () => parseJobLog(await readAll([`${path}.1`, path]));

  let agent = startFarhand(['agent'], { environment });
  try {
    await agent.ready();
    await api.takesWork('a1');
    const { id } = await api.submit({ automation: 'sh', parameters: { run } });
    for (let kills = 0; kills < 4; kills++) {
      const before = (await read()).length;
      await until('more lines', async () => (await read()).length > before + 20);
      if (kills === 1) {
        await rename(path, `${path}.1`);
        agent.kill('SIGHUP');
        await until('the new file', async () => (await readAll([path])) !== '');
      }
      agent.kill('SIGKILL');
      await agent.ended;
      agent = startFarhand(['agent'], { environment });
      await agent.ready();
    }
    await writeFile(gate, '');
    assert.equal((await api.end(id)).state, 'succeeded');
    const entries = await until('the end', async () => {
      const all = await read();
      return all.some(({ type }) => type === 'end') ? all : null;
    });

    const attempt = entries[0]?.attempt ?? '';
    assert.equal(textOf(entries, attempt), (await api.log(id)).toString());
    assert.ok(endsOf(entries, attempt).length >= 1);
    agent.kill('SIGTERM');
    assert.equal((await agent.ended).exitCode, 0);
  } finally {
    await agent[Symbol.asyncDispose]();
  }
});

it('farhand dev passes lines of jobs on, behind its own ready line; farhand exec has no job log', async () => {
  await using place = await createPlace();
  await makeAutomations(place);
  const go = join(place.folder, 'go');
  const environment = { FARHAND_JOB_LOG: 'stdout', FARHAND_LISTEN: '127.0.0.1:0' };
  await using dev = startFarhand(['dev'], { folder: place.folder, environment });
  await dev.ready();

  const run = await farhand(['run', 'sh', '-p', `run=echo one; ${waitForFile(go)}; echo two`, '--detach'], {
    folder: place.folder,
  });
  await dev.line(/"message":"one"/);
  await writeFile(go, '');
  await dev.line(/"type":"end"/);
  await writeFile(join(place.folder, 'job.json'), '{"automation": "sh", "parameters": {"run": "echo three"}}');
  const exec = await farhand(['exec', 'job.json'], {
    folder: place.folder,
    environment: { FARHAND_JOB_LOG: 'stdout' },
  });
  dev.kill('SIGTERM');
  const { stdout } = await dev.ended;

  const [ready = '', ...lines] = stdout.split('\n');
  assert.match(ready, /^farhand dev ready http/);
  const entries = parseJobLog(lines.join('\n'));
  assert.deepEqual(
    entries.map(({ job, type, message }) => [job, type === 'line' ? message : type]),
    ['one', 'two', 'end'].map((what) => [run.stdout.trim(), what]),
  );
  assert.equal(exec.stderr, 'three\n');
  assert.equal((JSON.parse(exec.stdout) as { state: string }).state, 'succeeded');
});

it('a place that is no place is refused at the start', async () => {
  const { stderr, exitCode } = await farhand(['agent'], {
    environment: { FARHAND_HUB_URL: 'ws://127.0.0.1:1', FARHAND_JOB_LOG: 'STDOUT' },
  });

  assert.equal(exitCode, 2);
  assert.match(stderr, /FARHAND_JOB_LOG.*expected stdout, or the path of a file/);
});

/** An agent that writes lines of jobs to a pipe, which nobody reads. */
function startPiped(environment: Environment): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FARHAND_'));
  const own = { FARHAND_PROBES: 'none', ...environment, FARHAND_JOB_LOG: 'stdout' };
  return spawn(process.execPath, [program, 'agent'], {
    env: { ...Object.fromEntries(inherited), ...own },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function readAll(paths: readonly string[]): Promise<string> {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  return texts.map((text) => text.slice(0, text.lastIndexOf('\n') + 1)).join('');
}
