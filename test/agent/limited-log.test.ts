import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

const limit = 100_001;

const base = 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [LEAK_CHECK, GATE]\n';
const automations = {
  gap: `${base}log: {limitBytes: ${limit}, over: gap}\n`,
  unlimited: `${base}log: {over: gap}\n`,
  bare: `${base}log: {limitBytes: ${limit}, over: gap}\nenvironment: {PATH: /nowhere}\ninterpreter: [/bin/sh]\n`,
};

async function run(place: AgentPlace, script: string, automation = 'gap'): Promise<[AttemptResult, Buffer]> {
  const id = place.hub.offer({ automation, parameters: { run: script } });
  const result = await place.hub.result(id);
  const log = place.hub.log(id);
  assert.deepEqual([result.log.bytes, result.log.sha256], [log.length, place.hub.digest(id)]);
  return [result, log];
}

/** The processes of an attempt that `isWanted` by their command line. */
function findProcesses(id: string, isWanted: (commandLine: string) => boolean): readonly number[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && read(pid, 'environ').includes(`FARHAND_ATTEMPT_ID=${id}`))
    .filter((pid) => isWanted(read(pid, 'cmdline').replaceAll('\0', ' ')))
    .map(Number);
}

test('A log over its limit keeps the first bytes exactly, counts the rest exactly, and the job ends as it ended', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const print = (bytes: number) => `head -c ${bytes} /dev/zero | tr "\\0" "\\377"`;

  for (const [bytes, status] of [
    [limit - 1, 0],
    [limit, 0],
    [limit + 1, 0],
    [limit + 5_000_000, 7],
  ] as const) {
    const [result, log] = await run(place, `${print(bytes)}; exit ${status}`);

    const dropped = Math.max(0, bytes - limit);
    assert.deepEqual(result.log.gaps, dropped === 0 ? [] : [{ at: limit, bytes: dropped, why: 'log-limit' }]);
    assert.deepEqual([result.log.complete, result.exitCode], [dropped === 0, status]);
    assert.deepEqual([result.outcome, result.cause], [status === 0 ? 'succeeded' : 'failed', 'exit-code']);
    assert.equal(result.log.trailing, 0);
    assert.ok(log.equals(Buffer.alloc(bytes - dropped, 255)));
  }
});

test('A log that asks for a gap and has no limit, or a PATH without tools, loses nothing', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();

  const [unlimited] = await run(place, `head -c ${3 * limit} /dev/zero`, 'unlimited');
  const [bare, log] = await run(place, 'echo out; echo error >&2', 'bare');

  assert.deepEqual([unlimited.log.bytes, unlimited.log.complete], [3 * limit, true]);
  assert.deepEqual([bare.outcome, bare.log.complete, log.toString()], ['succeeded', true, 'out\nerror\n']);
});

test('A limited log is live, and is counted on by another agent after the first one left', async () => {
  await using place = await createAgentPlace(automations);
  const first = await place.start();
  const rest = `head -c ${2 * limit} /dev/zero; ${waitFor('end')}`;
  const id = place.hub.offer({ automation: 'gap', parameters: { run: `printf live; ${waitFor('go')}; ${rest}` } });
  await place.hub.until(() => place.hub.log(id).toString() === 'live', 'the first bytes');

  await first[Symbol.asyncDispose]();
  await place.open('go');
  await place.start();
  await place.hub.until(() => place.hub.get(id).bytes === limit, 'all that is kept');
  await place.open('end');
  const result = await place.hub.result(id);

  assert.deepEqual(result.log.gaps, [{ at: limit, bytes: limit + 4, why: 'log-limit' }]);
  assert.equal(result.log.sha256, place.hub.digest(id));
});

test('Neither a background child nor one in a session of its own holds up the end of a limited log', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();

  const stubborn = `trap '' TERM; echo $$; ${waitFor('never')}`;
  const [result, log] = await run(place, `(${stubborn}) & setsid sh -c '${stubborn}' & sleep 0.1; printf end; exit 3`);

  assert.deepEqual([result.outcome, result.exitCode, result.escaped], ['failed', 3, 0]);
  assert.deepEqual([result.log.complete, result.log.gaps], [true, []]);
  assert.match(log.toString(), /^\d+\n\d+\nend$/);
});

test('A cancel by force keeps what the command had printed, to the byte', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const script = `trap '' TERM; head -c ${limit + 500} /dev/zero; echo up >"$GATE/up"; ${waitFor('never')}`;
  const id = place.hub.offer({ automation: 'gap', parameters: { run: script } });
  await place.hub.until(() => readdirSync(place.gate).includes('up'), 'the output');

  await place.hub.cancel(id);
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.started, result.exitCode], ['cancelled', true, null]);
  assert.deepEqual(result.log.gaps, [{ at: limit, bytes: 500, why: 'log-limit' }]);
});

for (const [title, isWanted] of [
  ['what writes the log', (line: string) => line.startsWith('tee ')],
  ['what counts', (line: string) => line.startsWith('wc ')],
  ['the shell between them', (line: string) => line.startsWith('sh -c') && line.includes('farhand-sink')],
] as const) {
  test(`When ${title} is killed, the log says that nobody knows what is missing`, async () => {
    await using place = await createAgentPlace(automations);
    await place.start();
    const script = `trap '' PIPE; printf begin; ${waitFor('go')}; printf end; printf more; exit 0`;
    const id = place.hub.offer({ automation: 'gap', parameters: { run: script } });
    await place.hub.until(() => place.hub.log(id).toString() === 'begin', 'the first bytes');

    for (const pid of findProcesses(id, isWanted)) process.kill(pid, 'SIGKILL');
    await place.hub.until(() => findProcesses(id, isWanted).length === 0, 'the kill');
    await place.open('go');
    const result = await place.hub.result(id);

    const { bytes } = place.hub.get(id);
    assert.deepEqual(result.log.gaps, [{ at: bytes, bytes: null, why: 'sink-died' }]);
    assert.deepEqual([result.log.complete, result.log.sha256], [false, place.hub.digest(id)]);
    // Without its counter it writes on, and nobody knows how much there was.
    assert.match(place.hub.log(id).toString(), title === 'what counts' ? /^beginendmore$/ : /^begin/);
  });
}

test('What stands between a command and its limited log is ended by no TERM', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const id = place.hub.offer({ automation: 'gap', parameters: { run: `printf begin; ${waitFor('go')}; printf end` } });
  await place.hub.until(() => place.hub.log(id).toString() === 'begin', 'the first bytes');

  const isSink = (line: string) =>
    /^(tee|wc) /.test(line) || (line.startsWith('sh -c') && line.includes('farhand-sink'));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    for (const pid of findProcesses(id, isSink)) process.kill(pid, signal);
  await place.open('go');
  const result = await place.hub.result(id);

  assert.deepEqual(
    [result.outcome, result.log.complete, place.hub.log(id).toString()],
    ['succeeded', true, 'beginend'],
  );
});
