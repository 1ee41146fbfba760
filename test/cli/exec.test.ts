import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { Job } from '../../protocol/job.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type CommandResult, runCommand } from '../support/run-command.ts';

const automations: Readonly<Record<string, string>> = {
  greet:
    'kind: command\nrun: [printf, "hello %s\\n", "${parameters.name}"]\nparameters: {type: object, properties: {name: {type: string, default: world}}, additionalProperties: false}\n',
  sh: 'kind: script\nscript: eval "$FARHAND_PARAM_RUN"\ninherit: [LEAK_CHECK, PLACE]\n',
  typed:
    'kind: script\nscript: eval "$FARHAND_PARAM_RUN"\ninherit: [LEAK_CHECK]\noutputs: {type: object, required: [n], properties: {n: {type: number}}}\n',
  short: 'kind: script\nscript: sleep 60\ninherit: [LEAK_CHECK]\ntimeoutSeconds: 0.3\n',
  limited: 'kind: script\nscript: yes\ninherit: [LEAK_CHECK]\nlog: {limitBytes: 1000}\n',
  gapped: 'kind: script\nscript: yes | head -c 5000\ninherit: [LEAK_CHECK]\nlog: {limitBytes: 1000, over: gap}\n',
  guarded:
    'kind: script\nscript: echo ran\ninherit: [LEAK_CHECK]\nbefore: [sh, -c, "echo no; exit 3"]\nafter: [sh, -c, "echo after"]\n',
  hooked:
    'kind: script\nscript: echo ran\ninherit: [LEAK_CHECK]\nbefore: [sh, -c, "echo before"]\nafter: [sh, -c, "echo after $FARHAND_OUTCOME"]\n',
  again: 'kind: script\nscript: eval "$FARHAND_PARAM_RUN"\ninherit: [LEAK_CHECK, PLACE]\nretrySafe: true\n',
};

let place = '';

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'farhand-exec-test-'));
  await mkdir(join(place, 'automations'));
  for (const [name, text] of Object.entries(automations))
    await writeFile(join(place, `automations/${name}.yaml`), text);
});

afterEach(() => rm(place, { recursive: true }));

checkLeaks();

async function exec(document: unknown, args: readonly string[] = []): Promise<CommandResult> {
  const file = join(place, 'job.json');
  await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document), { mode: 0o600 });
  return runCommand(['exec', 'job.json', ...args], {
    folder: place,
    environment: {
      PATH: '/usr/bin:/bin',
      LEAK_CHECK: String(process.pid),
      PLACE: place,
      FARHAND_NAME: 'here',
      FARHAND_LABELS: 'site=ams',
    },
  });
}

function jobOf({ stdout }: CommandResult): Job {
  return Job.parse(JSON.parse(stdout));
}

suite('farhand exec', () => {
  test('runs a job without a hub: its log on standard error, the job as the API shows it on standard output', async () => {
    const result = await exec({ automation: 'greet', parameters: { name: 'ada' }, labels: { ticket: '42' } });

    const job = jobOf(result);
    assert.equal(result.exitCode, 0);
    assert.equal(result.stderr, 'hello ada\n');
    assert.deepEqual(
      [job.state, job.cause, job.exitCode, job.started, job.agent, job.attempt],
      ['succeeded', 'exit-code', 0, true, 'here', 1],
    );
    assert.deepEqual(job.labels, { ticket: '42' });
    assert.deepEqual([job.log?.bytes, job.log?.complete, job.log?.gaps], [10, true, []]);
    assert.ok(job.startedAt !== null && job.finishedAt !== null && job.startedAt <= job.finishedAt);
  });

  test('masks secrets, gives them to the program alone, and answers outputs', async () => {
    const run = 'echo "pw $FARHAND_SECRET_PASSWORD"; echo "size=${#FARHAND_SECRET_PASSWORD}" > "$FARHAND_OUTPUTS"';

    const result = await exec({ automation: 'sh', parameters: { run }, secrets: { password: 'correct horse' } });

    assert.equal(result.stderr, 'pw ***\n');
    assert.deepEqual(jobOf(result).outputs, { size: '13' });
    assert.doesNotMatch(result.stdout, /correct horse/);
  });

  const ends: readonly (readonly [string, object, Partial<Job>, number])[] = [
    [
      'an exit status',
      { automation: 'sh', parameters: { run: 'exit 3' } },
      { state: 'failed', cause: 'exit-code', exitCode: 3 },
      1,
    ],
    [
      'a signal',
      { automation: 'sh', parameters: { run: 'kill -9 $$' } },
      { state: 'failed', cause: 'signal', signal: 'SIGKILL' },
      1,
    ],
    ['the time of the automation', { automation: 'short' }, { state: 'timed-out', cause: 'timeout' }, 4],
    [
      'the time of the job',
      { automation: 'sh', parameters: { run: 'sleep 60' }, timeoutSeconds: 0.3 },
      { state: 'timed-out' },
      4,
    ],
    ['a log over its limit', { automation: 'limited' }, { state: 'failed', cause: 'log-limit' }, 1],
    [
      'a before hook that refuses',
      { automation: 'guarded' },
      { state: 'failed', cause: 'before-hook', started: false },
      1,
    ],
    [
      'outputs that do not fit',
      { automation: 'typed', parameters: { run: 'echo n=x > "$FARHAND_OUTPUTS"' } },
      { state: 'failed', cause: 'outputs-invalid' },
      1,
    ],
  ];
  for (const [how, document, expected, exitCode] of ends) {
    test(`tells ${how} as an agent with a hub does`, async () => {
      const result = await exec(document);

      const job = jobOf(result);
      assert.equal(result.exitCode, exitCode);
      assert.deepEqual({ ...job, ...expected }, job);
    });
  }

  test('runs hooks and keeps to a log with a gap', async () => {
    const hooked = await exec({ automation: 'hooked' });
    const gapped = await exec({ automation: 'gapped' });

    assert.equal(hooked.stderr, 'before\nran\nafter succeeded\n');
    assert.equal(gapped.stderr.length, 1000);
    const { log } = jobOf(gapped);
    assert.deepEqual([log?.complete, log?.gaps], [false, [{ at: 1000, bytes: 4000, why: 'log-limit' }]]);
  });

  test('tries again as `retry` says, and only where the automation may run twice', async () => {
    const run = 'echo x >> "$PLACE/tries"; echo "try $FARHAND_ATTEMPT"; [ "$(wc -l < "$PLACE/tries")" -ge 3 ]';
    const retry = { limit: 5, on: ['exit-code'] };

    const safe = await exec({ automation: 'again', parameters: { run }, retry });
    const tries = await readFile(join(place, 'tries'), 'utf8');
    await rm(join(place, 'tries'));
    const unsafe = await exec({ automation: 'sh', parameters: { run }, retry });
    await rm(join(place, 'tries'));
    const limited = await exec({ automation: 'again', parameters: { run }, retry: { ...retry, limit: 1 } });

    assert.equal(tries, 'x\nx\nx\n');
    assert.equal(safe.stderr, 'try 1\ntry 2\ntry 3\n');
    assert.deepEqual([safe.exitCode, jobOf(safe).attempt, jobOf(safe).log?.bytes], [0, 3, 6]);
    assert.deepEqual([unsafe.exitCode, jobOf(unsafe).attempt], [1, 1]);
    assert.deepEqual([limited.exitCode, jobOf(limited).attempt], [1, 2]);
  });

  test('calls a job lost whose folder somebody deleted', async () => {
    const result = await exec({ automation: 'sh', parameters: { run: 'rm -rf "$PWD"; sleep 0.3' } });

    const job = jobOf(result);
    assert.deepEqual([result.exitCode, job.state, job.cause, job.started], [5, 'lost', 'state-lost', 'unknown']);
    const [, kept = ''] = /its folder is kept: (\S+)/.exec(result.stderr) ?? [];
    assert.ok((await readdir(kept)).includes('attempts'));
    await rm(kept, { recursive: true });
  });

  const refusals: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'an unknown key',
      { automation: 'greet', paramters: {} },
      /job\.json: \/paramters: not known here; did you mean "parameters"\?/,
    ],
    [
      'an unknown key that is near no other',
      { automation: 'greet', inputs: {} },
      /\/inputs: not known here; known are automation, parameters, /,
    ],
    [
      'an unknown key further down',
      { automation: 'greet', retry: { times: 3 } },
      /\/retry\/times: not known here; known are limit, on/,
    ],
    ['a wrong type', { automation: 'greet', timeoutSeconds: '5' }, /\/timeoutSeconds: /],
    ['no automation', {}, /\/automation: /],
    [
      'an automation that is not there',
      { automation: 'gret' },
      /\/automation: there is none named "gret"\n {2}Did you mean greet\?/,
    ],
    ['parameters that do not fit', { automation: 'greet', parameters: { name: 5 } }, /job\.json: \/parameters\/name: /],
    [
      'a selector that means others',
      { automation: 'greet', selector: 'site=fra' },
      /\/selector: "site=fra" does not select this agent\n {2}Its labels are site=ams,farhand\.io\/agent=here/,
    ],
    [
      'text that is no JSON',
      '{"automation": "greet", "secrets": {"a": "hush" "b"}}',
      /job\.json: expected JSON, got text that is not/,
    ],
    [
      'a name twice',
      '{"automation": "greet", "automation": "sh"}',
      /every name once in an object, got "automation" twice/,
    ],
    ['too much', `{"automation": "${'x'.repeat(3 * 1024 * 1024)}"}`, /expected at most 2097152 bytes/],
    [
      'too many secrets',
      { automation: 'greet', secrets: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`s${n}`, 'x'])) },
      /\/secrets: expected at most 100, got 101/,
    ],
  ];
  for (const [what, document, message] of refusals) {
    test(`refuses ${what} before anything is started`, async () => {
      const { exitCode, stdout, stderr } = await exec(document);

      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /hush/);
    });
  }

  test('takes a selector that fits, also by the name of the agent', async () => {
    const fits = await exec({ automation: 'greet', selector: 'site in (ams,fra),farhand.io/agent=here' });
    const flagged = await exec({ automation: 'greet', selector: 'tier=edge' }, ['--labels', 'tier=edge']);

    assert.deepEqual([fits.exitCode, flagged.exitCode], [0, 0]);
  });

  test('names the mistakes of the folder when the automation is not to be had', async () => {
    await writeFile(join(place, 'automations/odd.yaml'), 'run: x\n');

    const { exitCode, stderr } = await exec({ automation: 'odd' });

    assert.equal(exitCode, 2);
    assert.match(stderr, /there is none named "odd"[^]*odd\.yaml:1:6: run: expected a list/);
  });

  test('warns of a file with secrets that every user may read', async () => {
    const file = join(place, 'open.json');
    const environment = { PATH: '/usr/bin:/bin' };
    await writeFile(file, JSON.stringify({ automation: 'greet', secrets: { a: 'hush hush' } }));
    await chmod(file, 0o644);
    const open = await runCommand(['exec', file], { folder: place, environment });
    await chmod(file, 0o640);
    const closed = await runCommand(['exec', file], { folder: place, environment });

    assert.match(open.stderr, /^warning: .*open\.json holds secrets, and every user of this machine may read it/);
    assert.equal(closed.stderr, 'hello world\n');
  });

  test('says what to do about a file that is not there', async () => {
    const { exitCode, stderr } = await runCommand(['exec', 'nowhere.json'], { folder: place });

    assert.equal(exitCode, 2);
    assert.match(stderr, /nowhere\.json: expected a job document that can be read \(ENOENT/);
  });
});
