import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ProbeCommand } from '../../../agent/probes/probe-runner.ts';
import { createProcessProbeRunner } from '../../../agent/probes/process-probe-runner.ts';
import { maxFactsBytes } from '../../../protocol/facts.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { systemRandom } from '../../../runtime/random.ts';
import { checkLeaks } from '../../support/leak-check.ts';
import { until } from '../../support/until.ts';

checkLeaks();

const noSignal = new AbortController().signal;

/** A probe that is a piece of shell. */
function shell(script: string, change: Partial<ProbeCommand> = {}): ProbeCommand {
  return {
    mark: `probe:${systemRandom.uuid()}:test`,
    argv: ['sh', '-c', script],
    environment: { PATH: '/usr/bin:/bin', LEAK_CHECK: String(process.pid) },
    workingDirectory: tmpdir(),
    timeoutMs: 50_000,
    graceMs: 100,
    ...change,
  };
}

async function run(command: ProbeCommand, signal = noSignal) {
  const outcome = await createProcessProbeRunner({ clock: systemClock }).run(command, { signal });
  return outcome.type === 'printed' ? { type: 'printed', output: outcome.output.toString() } : outcome;
}

describe('a run of a probe', () => {
  test('is what it prints to standard output', async () => {
    assert.deepEqual(await run(shell('echo "{}"; echo noise >&2')), { type: 'printed', output: '{}\n' });
  });

  test('has the environment that it was given, an empty standard input, and a session of its own', async () => {
    const script = 'cat; echo "$A ${HOME-none} $(cut -d " " -f 6 /proc/$$/stat) $$"';

    const outcome = await run(shell(script, { environment: { PATH: '/usr/bin:/bin', A: "it's\n$(id)" } }));

    const [, session, pid] =
      /^it's\n\$\(id\) none (\d+) (\d+)\n$/.exec('output' in outcome ? String(outcome.output) : '') ?? [];
    assert.notEqual(pid, undefined);
    assert.equal(session, pid);
  });

  test('that fails is told with the end of what it said', async () => {
    const long = `i=0; while [ $i -lt 2000 ]; do echo "line $i" >&2; i=$((i+1)); done; printf 'no\\tdisk\\033[31m\\n' >&2; exit 3`;

    const outcome = await run(shell(long));

    assert.ok(outcome.type === 'failed' && 'message' in outcome);
    assert.match(outcome.message, /^it ended with exit status 3: .*line 1999 no disk \[31m$/);
    assert.ok(outcome.message.length < 1200);
    assert.deepEqual(await run(shell('kill -9 $$')), { type: 'failed', message: 'it was ended by SIGKILL' });
  });

  test('of a program that is not there, or cannot be executed, says so', async () => {
    const missing = await run(shell('', { argv: ['no-such-program'] }));
    const folder = await run(shell('', { argv: ['/tmp'] }));
    const nowhere = await run(shell('echo', { workingDirectory: '/nowhere' }));

    assert.deepEqual(missing, {
      type: 'failed',
      message: 'expected a program "no-such-program" in the PATH of the probe (/usr/bin:/bin), found none',
    });
    assert.deepEqual(folder, { type: 'failed', message: 'expected a program "/tmp", found none' });
    assert.ok(nowhere.type === 'failed' && 'message' in nowhere);
    assert.match(nowhere.message, /^it could not be started: /);
  });

  test('leaves nothing behind at the signal that would have ended it', async () => {
    const { signal } = new AbortController();

    await run(shell('echo "{}"'), signal);
    await run(shell('sleep 60', { timeoutMs: 50 }), signal);

    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('that prints too much is ended', async () => {
    const whole = await run(shell(`head -c ${maxFactsBytes} /dev/zero`));
    const over = await run(shell('yes'));

    assert.equal('output' in whole && String(whole.output).length, maxFactsBytes);
    assert.deepEqual(over, { type: 'failed', message: `it printed more than ${maxFactsBytes} bytes and was ended` });
  });

  test('that takes too long is ended with all that it started, also what left its session and minds no TERM', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-probe-'));
    const script = `trap '' TERM; setsid sh -c 'trap "" TERM; touch escaped; while :; do sleep 0.05; done' & while :; do sleep 0.05; done`;

    const running = run(shell(script, { workingDirectory: folder.path, timeoutMs: 3_000 }));
    await until('the escapee to run', () => existsSync(join(folder.path, 'escaped')));

    assert.deepEqual(await running, {
      type: 'failed',
      message: 'it took longer than 3 s (timeoutSeconds) and was ended',
    });
  });

  test('is over when the probe is, though a child in the background holds its output', async () => {
    const outcome = await run(shell(`echo '{"a":1}'; sleep 1000 & setsid sleep 1000 &`));

    assert.deepEqual(outcome, { type: 'printed', output: '{"a":1}\n' });
  });

  test('that hangs does not hold up an agent that leaves', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-probe-'));
    const leaving = new AbortController();
    const script = `trap '' TERM; touch running; while :; do sleep 0.05; done`;

    const running = run(shell(script, { workingDirectory: folder.path, graceMs: 3_600_000 }), leaving.signal);
    await until('the probe to run', () => existsSync(join(folder.path, 'running')));
    leaving.abort();

    assert.deepEqual(await running, { type: 'left' });
  });

  test('that is being ended slowly is killed when the agent leaves meanwhile', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-probe-'));
    const leaving = new AbortController();
    const script = `trap 'touch told' TERM; while :; do sleep 0.05; done`;

    const command = shell(script, { workingDirectory: folder.path, timeoutMs: 3_000, graceMs: 3_600_000 });
    const running = run(command, leaving.signal);
    await until('the probe to be told', () => existsSync(join(folder.path, 'told')));
    leaving.abort();

    assert.deepEqual(await running, { type: 'left' });
  });

  test('begins with the end of one that an agent left behind when it was killed', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'farhand-probe-'));
    const command = shell('echo "{}"', { workingDirectory: folder.path });
    const orphan = spawn('sh', ['-c', 'echo $$ >pid; exec sleep 1000'], {
      cwd: folder.path,
      env: { ...command.environment, FARHAND_ATTEMPT_ID: command.mark },
      stdio: 'ignore',
    });
    const ended = once(orphan, 'exit');
    await until(
      'the orphan to run',
      async () => existsSync(join(folder.path, 'pid')) && (await readFile(join(folder.path, 'pid'), 'utf8')) !== '',
    );

    const outcome = await run(command);

    assert.deepEqual(await ended, [null, 'SIGKILL']);
    assert.equal(outcome.type, 'printed');
  });
});
