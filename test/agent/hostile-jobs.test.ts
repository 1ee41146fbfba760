import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AttemptResult } from '../../protocol/attempt-result.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

for (const name of ['raw', 'exit', 'started', 'intent.json', 'result.json', 'result.json.part', 'outputs']) {
  test(`A job that puts a pipe in the place of ${name} holds up nobody`, async () => {
    await using place = await createAgentPlace();
    const agent = await place.start();

    const id = place.hub.offer({ automation: 'sh', parameters: { run: `rm -f ${name}; mkfifo ${name}` } });
    await place.hub.result(id);
    const next = place.hub.offer({ automation: 'sh', parameters: { run: 'echo next' } });

    assert.equal((await place.hub.result(next)).outcome, 'succeeded');
    await place.hub.until(() => agent.status().attempts.length === 0, 'all folders to be freed');
  });
}

test('A log that is replaced by a link shows nothing of what the link leads to', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const other = join(place.root, 'other');
  await writeFile(other, 'not of this job');

  const run = `rm raw; ln -s ${other} raw; ${waitFor('go')}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await place.open('go');
  await place.hub.result(id);

  assert.equal(place.hub.log(id).toString(), '');
});

for (const name of ['exit', 'started', 'intent.json', 'result.json', 'outputs']) {
  test(`A job that makes a huge ${name} ends like any other`, async () => {
    await using place = await createAgentPlace();
    await place.start();

    const id = place.hub.offer({ automation: 'sh', parameters: { run: `truncate -s 3G ${name}; echo done` } });
    const result = await place.hub.result(id);

    assert.equal(result.started, true);
    assert.equal(place.hub.log(id).toString(), 'done\n');
  });
}

test('A job whose parameters make a message without end is refused with as much of it as a result may hold', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const parameters = { run: 'true', [`${'a'.repeat(3_000)}\n`]: 1, [`${'A'.repeat(3_000)}\n`]: 2 };
  const id = place.hub.offer({ automation: 'sh', parameters });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.cause, result.started], ['failed', 'parameters-invalid', false]);
  assert.deepEqual(AttemptResult.parse(result).message, result.message);
});

for (const { what, automation, run } of [
  { what: 'an exit status that no program has', automation: 'sh', run: 'echo 999 > exit; kill -9 $PPID' },
  {
    what: 'a count of its output without end',
    automation: 'gap',
    run: "rm sink; printf '0 0\\n%s\\n' 99999999999999999999999 > sink",
  },
  {
    what: 'outputs that are six times as long in JSON',
    automation: 'sh',
    run: `{ printf k=; head -c 1000000 /dev/zero | tr '\\0' '\\1'; } > "$FARHAND_OUTPUTS"`,
  },
  {
    what: 'outputs of half characters and a number that is none',
    automation: 'sh',
    run: `printf '{"a\\\\ud800": "\\\\udfff", "__proto__": {"b": 1e999}}' > "$FARHAND_OUTPUTS"`,
  },
]) {
  test(`A job that leaves ${what} ends with a result that a hub can take`, async () => {
    const gap = 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\nlog: {limitBytes: 1000, over: gap}\n';
    await using place = await createAgentPlace({ gap });
    await place.start();

    const id = place.hub.offer({ automation, parameters: { run } });
    const result = await place.hub.result(id);

    assert.deepEqual(AttemptResult.parse(result), result);
    assert.ok(Buffer.byteLength(JSON.stringify(result)) < 2 * 1024 * 1024);
  });
}

test('A job that dates its end to a year that no result can hold ends all the same', async (t) => {
  await using place = await createAgentPlace();
  using disk = mountSmallDisk(join(place.data, 'attempts'), '16m');
  if (disk === null) return t.skip('nothing can be mounted here');
  const first = await place.start();

  const run = `: > "$GATE/up"; ${waitFor('go')}; echo 0 > exit; touch -d 12000-01-01 exit started; kill -9 $PPID`;
  const ids = [0, 1].map(() => place.hub.offer({ automation: 'sh', parameters: { run } }));
  await place.hub.until(() => ids.every((id) => place.hub.report(id)?.phase === 'running'), 'the jobs to run');
  await first[Symbol.asyncDispose]();
  await place.open('go');
  await place.start();

  for (const id of ids) {
    const result = await place.hub.result(id);
    assert.deepEqual(AttemptResult.parse(result), result);
    assert.ok(Date.parse(result.endedAt) <= Date.now());
  }
});

test('A job that puts control characters and half characters into what is told of it gets one line of text', async () => {
  const closed =
    'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [LEAK_CHECK]\noutputs: {additionalProperties: false}\n';
  await using place = await createAgentPlace({ closed });
  await place.start();

  const keys = JSON.stringify({ [`\u001b[31m\n${'😀'.repeat(1_200)}`]: 1 });
  const run = `cat > "$FARHAND_OUTPUTS" <<'END'\n${keys}\nEND`;
  const id = place.hub.offer({ automation: 'closed', parameters: { run } });
  const result = await place.hub.result(id);

  assert.equal(result.cause, 'outputs-invalid');
  assert.equal(/\p{Cc}/u.test(result.message), false);
  assert.equal(result.message.isWellFormed(), true);
});

test('A command that removed its fence and was killed has started all the same', async () => {
  await using place = await createAgentPlace();
  await place.start();

  const id = place.hub.offer({ automation: 'sh', parameters: { run: 'echo ran; rm started; kill -9 $PPID' } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.cause, result.started], ['lost', 'process-lost', true]);
  assert.equal(place.hub.log(id).toString(), 'ran\n');
});

test('A result that a job writes itself is not believed', async () => {
  await using place = await createAgentPlace();
  await place.start();
  const forged = {
    rawBytes: 0,
    result: {
      outcome: 'succeeded',
      cause: 'exit-code',
      message: 'forged',
      started: true,
      exitCode: 0,
      signal: null,
      outputs: null,
      log: { bytes: 0, sha256: '0'.repeat(64), complete: true, gaps: [], trailing: 0 },
      escaped: 0,
      startedAt: null,
      endedAt: '2026-01-01T00:00:00.000Z',
      usage: null,
    },
  };

  const run = `echo '${JSON.stringify(forged)}' >result.json; exit 3`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.exitCode], ['failed', 3]);
});

test('A command that removed its fence is adopted by the next agent, and not started again', async () => {
  await using place = await createAgentPlace();
  const first = await place.start();
  const run = `echo ran; rm started; ${waitFor('go')}; echo on; exit 3`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await place.hub.until(() => place.hub.get(id).bytes === 4, 'the first line');
  await first[Symbol.asyncDispose]();

  await place.start();
  await place.hub.until(() => place.hub.get(id).opens.length === 2, 'the attempt to be opened again');
  await place.open('go');
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.started, result.exitCode], ['failed', true, 3]);
  assert.equal(place.hub.log(id).toString(), 'ran\non\n');
});
