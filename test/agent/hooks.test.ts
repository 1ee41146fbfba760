import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, createAgentPlace, machineBootId, waitFor } from './agent-place.ts';
import { dead, plant } from './planted-attempt.ts';

checkLeaks();

const inherit = 'inherit: [LEAK_CHECK, GATE]\n';
const job = `kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\n${inherit}`;

/** An automation whose hooks are the parameters of these names, run by a shell that the file names itself. */
function withHooks(more = ''): string {
  const hook = (name: string) => `["sh", "-c", "eval \\"$FARHAND_PARAM_${name}\\""]`;
  return `${job}before: ${hook('BEFORE')}\nafter: ${hook('AFTER')}\n${more}`;
}

const automations = {
  hooked: withHooks(),
  hasty: withHooks('beforeTimeoutSeconds: 0.05\n'),
  brief: withHooks('afterTimeoutSeconds: 0.05\n'),
  bounded: withHooks('timeoutSeconds: 1\n'),
  timed: `${withHooks('timeoutSeconds: 2\n').replace(/^before.*\n/m, '')}`,
  failing: withHooks('log: {limitBytes: 50000}\n'),
  gap: withHooks('log: {limitBytes: 1000, over: gap}\n'),
  secret: withHooks('environment: {OWN: "${secrets.word}-${parameters.run}"}\n'),
  typed: withHooks('outputs: {type: object, required: [n]}\n'),
  beside: `${job}before: ["./check.sh", "\${parameters.run}", "a b"]\n`,
  nowhere: `${job}before: ["no-such-program"]\nafter: ["no-such-program"]\n`,
};

interface Given {
  readonly automation?: string;
  readonly before?: string;
  readonly run?: string;
  readonly after?: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

function offer(place: AgentPlace, given: Given): string {
  const { automation = 'hooked', before = 'true', run = 'true', after = 'true', secrets = {} } = given;
  return place.hub.offer({ automation, parameters: { before, run, after }, secrets });
}

async function run(place: AgentPlace, given: Given): Promise<[AttemptResult, string]> {
  const id = offer(place, given);
  const result = await place.hub.result(id);
  assert.deepEqual([result.log.bytes, result.log.sha256], [place.hub.get(id).bytes, place.hub.digest(id)]);
  return [result, place.hub.log(id).toString()];
}

function gist({ outcome, cause, started, exitCode }: AttemptResult): object {
  return { outcome, cause, started, exitCode };
}

const succeeded = { outcome: 'succeeded', cause: 'exit-code', started: true, exitCode: 0 };
const refused = { outcome: 'failed', cause: 'before-hook', started: false, exitCode: null };

test('Hooks run before and after the command, in its folder and environment, and print into its log', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const tell =
    'echo "$FARHAND_HOOK $FARHAND_ATTEMPT $(basename "$PWD" | wc -c) ${FARHAND_OUTCOME-} ${FARHAND_EXIT_CODE-}"';
  const parameters = 'grep -c run "$FARHAND_PARAMETERS"';

  const [result, log] = await run(place, {
    before: `${tell}; ${parameters}`,
    run: 'echo run; exit 3',
    after: `${tell}; ${parameters}`,
  });

  assert.deepEqual(gist(result), { outcome: 'failed', cause: 'exit-code', started: true, exitCode: 3 });
  assert.equal(log, 'before 1 37  \n1\nrun\nafter 1 37 failed 3\n1\n');
  assert.equal(result.message, 'the program ended with exit status 3');
});

test('A before hook that fails, is too slow, prints without end or is not there refuses the job, and after does not run', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const never = { run: 'echo ran', after: 'echo after' };

  const [failed, log] = await run(place, { ...never, before: 'echo no; exit 4' });
  const [slow] = await run(place, { ...never, automation: 'hasty', before: waitFor('never') });
  const [bounded] = await run(place, { ...never, automation: 'bounded', before: waitFor('never') });
  const [endless] = await run(place, { ...never, before: `while :; do printf '%01000d' 1; done` });
  const [missing] = await run(place, { ...never, automation: 'nowhere' });

  for (const result of [failed, slow, bounded, endless, missing]) assert.deepEqual(gist(result), refused);
  assert.equal(log, 'no\n');
  assert.match(failed.message, /the before hook ended with exit status 4/);
  assert.match(slow.message, /took longer than 0\.05 s/);
  assert.match(bounded.message, /took longer than 1 s/);
  assert.match(endless.message, /printed more than 1048576 bytes/);
  assert.match(missing.message, /could not be started: .*no-such-program/);
});

test('The whole tree of a hook is gone when it has ended, also what left its group', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const leave = `(trap '' TERM; ${waitFor('never')}) 2>/dev/null & setsid sh -c '${waitFor('never')}' 2>/dev/null & echo left`;

  const [result, log] = await run(place, { before: leave, run: 'echo run', after: leave });

  assert.deepEqual([gist(result), result.escaped], [succeeded, 0]);
  assert.equal(log, 'left\nrun\nleft\n');
});

test('A relative program is the one beside the file of the automation, and placeholders are arguments', async () => {
  await using place = await createAgentPlace(automations);
  const program = join(place.root, 'automations', 'check.sh');
  await writeFile(program, '#!/bin/sh\nprintf "<%s>" "$@"\npwd -P\n');
  await chmod(program, 0o700);
  await place.start();
  const id = place.hub.offer({ automation: 'beside', parameters: { run: 'echo $(true) run' } });

  const result = await place.hub.result(id);

  assert.deepEqual(gist(result), succeeded);
  assert.equal(place.hub.log(id).toString(), `<echo $(true) run><a b>${place.attemptFolder(id)}\nrun\n`);
});

test('Hooks get secrets, and what they print of them is masked', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const tell = 'echo "$FARHAND_SECRET_WORD $OWN"';

  const [result, log] = await run(place, {
    automation: 'secret',
    before: tell,
    after: tell,
    secrets: { word: 'hush-hush' },
  });

  assert.deepEqual(gist(result), succeeded);
  assert.equal(log, '*** ***-true\n*** ***-true\n');
});

test('After runs also when the command was cancelled, timed out or printed too much, and its own fault only shows in the message', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const after = 'echo "after $FARHAND_OUTCOME"; exit 9';
  const cancelled = offer(place, { run: `echo up; ${waitFor('never')}`, after });
  await place.hub.until(() => place.hub.log(cancelled).length >= 3, 'the job to be up');
  await place.hub.cancel(cancelled);
  const stopped = await place.hub.result(cancelled);

  const [timedOut, late] = await run(place, { automation: 'timed', run: waitFor('never'), after });
  const [tooLong, long] = await run(place, { automation: 'failing', run: 'while :; do echo 0123456789; done', after });
  const [fine] = await run(place, { after });
  const [slow] = await run(place, { automation: 'brief', after: `trap '' TERM; ${waitFor('never')}` });

  assert.deepEqual([stopped.outcome, place.hub.log(cancelled).toString()], ['cancelled', 'up\nafter cancelled\n']);
  assert.deepEqual([timedOut.outcome, late], ['timed-out', 'after timed-out\n']);
  assert.deepEqual([tooLong.outcome, tooLong.cause], ['failed', 'log-limit']);
  assert.match(long, /after failed\n$/);
  assert.deepEqual(gist(fine), succeeded);
  assert.equal(fine.message, 'the program ended with 0; the after hook ended with exit status 9');
  assert.deepEqual(gist(slow), succeeded);
  assert.match(slow.message, /; the after hook took longer than 0\.05 s and was stopped$/);
});

test('What after prints stands behind the gap of a limited log', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const print = (bytes: number) => `head -c ${bytes} /dev/zero | tr "\\0" x`;

  const [result, log] = await run(place, {
    automation: 'gap',
    before: print(10),
    run: print(5000),
    after: 'printf after',
  });

  assert.deepEqual(result.log.gaps, [{ at: 1000, bytes: 4010, why: 'log-limit' }]);
  assert.equal(log, `${'x'.repeat(1000)}after`);
});

test('What after does to the outputs changes nothing', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();

  const [result, log] = await run(place, {
    automation: 'typed',
    run: 'echo n=1 >"$FARHAND_OUTPUTS"',
    after: 'echo "$FARHAND_OUTCOME"; echo n=2 >"$FARHAND_OUTPUTS"',
  });

  assert.deepEqual([result.outputs, log], [{ n: '1' }, 'succeeded\n']);
});

test('A cancel during before keeps the command from starting, and one during after changes nothing', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();

  const early = offer(place, { before: `echo up; ${waitFor('never')}`, run: 'echo ran', after: 'echo after' });
  await place.hub.until(() => place.hub.log(early).length >= 3, 'the before hook');
  await place.hub.cancel(early);
  const cancelled = await place.hub.result(early);
  const late = offer(place, { after: `echo up; ${waitFor('go')}` });
  await place.hub.until(() => place.hub.log(late).length >= 3, 'the after hook');
  await place.hub.cancel(late);
  await place.open('go');

  assert.deepEqual(gist(cancelled), { outcome: 'cancelled', cause: 'cancelled', started: false, exitCode: null });
  assert.equal(place.hub.log(early).toString(), 'up\n');
  assert.deepEqual(gist(await place.hub.result(late)), succeeded);
});

test('A before hook of an agent that left is ended, and its job never starts', async () => {
  await using place = await createAgentPlace(automations);
  const first = await place.start();
  const id = offer(place, { before: `trap '' TERM; echo up; ${waitFor('never')}`, run: 'echo ran' });
  await place.hub.until(() => place.hub.log(id).length >= 3, 'the before hook');
  await first[Symbol.asyncDispose]();

  await place.start();
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.started], ['never-started', false]);
  assert.deepEqual([place.hub.log(id).toString(), result.log.sha256], ['up\n', place.hub.digest(id)]);
});

test('An after hook of an agent that left is watched to its end by the next one, and runs once', async () => {
  await using place = await createAgentPlace(automations);
  const first = await place.start();
  const id = offer(place, {
    run: 'exit 5',
    after: `echo "up $FARHAND_SECRET_WORD"; ${waitFor('go')}; echo down; exit 9`,
    secrets: { word: 'hush-hush' },
  });
  await place.hub.until(() => place.hub.log(id).length >= 3, 'the after hook');
  await first[Symbol.asyncDispose]();

  await place.start();
  await place.open('go');
  const result = await place.hub.result(id);

  assert.deepEqual(gist(result), { outcome: 'failed', cause: 'exit-code', started: true, exitCode: 5 });
  assert.equal(place.hub.log(id).toString(), 'up ***\ndown\n');
  assert.match(result.message, /; the after hook ended with exit status 9$/);
});

test('After runs for a command that ended while no agent was there, once its secrets are back', async () => {
  await using place = await createAgentPlace(automations);
  const first = await place.start();
  const id = offer(place, {
    run: `echo up; ${waitFor('go')}`,
    after: 'echo "after $FARHAND_SECRET_WORD"',
    secrets: { word: 'hush-hush' },
  });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
  await first[Symbol.asyncDispose]();
  await place.open('go');
  const exit = join(place.attemptFolder(id), 'exit');
  await place.hub.until(async () => (await readFile(exit, 'utf8')).startsWith('0\n'), 'the exit record');

  await place.start();
  const result = await place.hub.result(id);

  assert.deepEqual(gist(result), succeeded);
  assert.equal(place.hub.log(id).toString(), 'up\nafter ***\n');
});

test('After does not run without the secrets that are gone, and the result says so', async () => {
  await using place = await createAgentPlace(automations);
  const first = await place.start();
  const secrets = { word: 'hush-hush' };
  const id = offer(place, { run: `echo up; ${waitFor('go')}`, after: 'echo after', secrets });
  await place.hub.until(() => place.hub.log(id).length === 3, 'the job to be up');
  await first[Symbol.asyncDispose]();
  place.hub.get(id).secretsGone = true;
  await place.open('go');

  await place.start();
  const result = await place.hub.result(id);

  assert.deepEqual([gist(result), place.hub.log(id).toString()], [succeeded, 'up\n']);
  assert.match(result.message, /; the after hook did not run: the job's secrets are gone$/);
});

test('A job that forges what its agent writes about hooks and limits holds up nobody, and passes no limit', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();
  const marker = JSON.stringify({ machineBootId, rawBytes: 0, at: new Date().toISOString() });
  const print = 'head -c 60000 /dev/zero';

  const [forged, log] = await run(place, {
    automation: 'failing',
    run: `printf %s '${marker}' >after.json; ${print}`,
    after: 'printf after',
  });
  const [piped] = await run(place, {
    automation: 'gap',
    run: `mkfifo pipe; mv pipe sink; ${print}`,
    after: 'printf after',
  });
  const [linked] = await run(place, { run: 'ln -s /tmp after', after: 'echo after' });

  assert.deepEqual([forged.cause, forged.log.bytes, log.endsWith('after')], ['log-limit', 60_005, true]);
  assert.deepEqual(piped.log.gaps, [{ at: 1000, bytes: null, why: 'sink-died' }]);
  assert.match(linked.message, /; the after hook could not be started: expected a folder/);
});

const afterPlan = {
  argv: ['sh', '-c', 'echo "after $FARHAND_OUTCOME"'],
  timeoutMs: 20_000,
  home: '/',
  inherit: ['LEAK_CHECK'],
  environment: [],
  parameters: {},
};

for (const [title, planted, expected] of [
  ['left no record', { started: dead }, ['lost', 'after lost\n', null]],
  [
    'ended in another boot',
    { document: 'another-boot', started: dead, exit: '0\n' },
    ['succeeded', 'after succeeded\n', null],
  ],
  ['never started', { started: 'recovered\n' }, ['never-started', '', null]],
  ['may have started in another boot', { document: 'another-boot' }, ['lost', '', null]],
  [
    'was followed by after in another boot',
    { started: dead, exit: '0\n', after: 'another boot' },
    ['succeeded', '', /; the machine was restarted/],
  ],
] as const) {
  test(`What after does for a command that ${title}`, async () => {
    await using place = await createAgentPlace(automations);
    const id = await plant(place, { document: 'this-boot', raw: '', ...planted, afterPlan });

    await place.start();
    const result = await place.hub.result(id);
    await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');

    const [outcome, log, message] = expected;
    assert.deepEqual([result.outcome, place.hub.log(id).toString()], [outcome, log]);
    if (message === null) assert.doesNotMatch(result.message, /hook/);
    else assert.match(result.message, message);
  });
}

test('What the command printed does not count against what its after hook may', async () => {
  await using place = await createAgentPlace(automations);
  await place.start();

  const [result] = await run(place, { run: 'head -c 1200000 /dev/zero', after: `echo up; sleep 0.3` });

  assert.deepEqual(gist(result), succeeded);
  assert.doesNotMatch(result.message, /hook/);
});

test('What an after hook printed while its agent went does not count against the limit of the command', async () => {
  await using place = await createAgentPlace(automations);
  const id = await plant(place, {
    document: 'this-boot',
    started: dead,
    exit: '0\n',
    raw: '0123456789after so far\n',
    limitBytes: 10,
    afterPlan,
    after: machineBootId,
    afterBytes: 10,
  });

  await place.start();

  assert.deepEqual(gist(await place.hub.result(id)), succeeded);
});

for (const name of ['before', 'after'] as const)
  test(`A hub that has given an attempt up ends its ${name} hook before the folder is freed`, async () => {
    await using place = await createAgentPlace(automations);
    await place.start();
    const id = offer(place, { [name]: `echo $$ >"$GATE/pid"; echo up; ${waitFor('never')}` });
    await place.hub.until(() => place.hub.log(id).length >= 3, 'the hook');
    const pid = Number(await readFile(join(place.gate, 'pid'), 'utf8'));
    assert.equal(existsSync(`/proc/${pid}`), true);

    place.hub.get(id).withdrawn = true;
    await place.hub.session(id)?.close();
    await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');

    assert.equal(existsSync(`/proc/${pid}`), false);
  });

test('What an after hook printed while its agent went is kept by the next one, also behind the limit of the log', async () => {
  await using place = await createAgentPlace(automations);
  const id = await plant(place, {
    document: 'this-boot',
    started: dead,
    exit: '0\n',
    raw: '0123456789after so far\n',
    gapBytes: 10,
    afterPlan,
    after: machineBootId,
    afterBytes: 10,
    files: { sink: `0 0\n10\n${' '.repeat(40)}` },
  });

  await place.start();
  const result = await place.hub.result(id);

  assert.equal(place.hub.log(id).toString(), '0123456789after so far\nafter succeeded\n');
  assert.deepEqual([result.log.complete, result.log.gaps], [true, []]);
});
