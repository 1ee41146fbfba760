import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { removeUserFolder } from '../../agent/attempts/remove-user-folder.ts';
import { readMarks } from '../../agent/executors/process/process-marks.ts';
import type { Progress } from '../../protocol/progress.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { type AgentPlace, createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

const skip = process.geteuid?.() === 0 ? false : 'only root can run jobs as another user';

const text = 'kind: script\nscript: "eval \\"$FARHAND_PARAM_RUN\\""\ninherit: [LEAK_CHECK, GATE, GO]\nuser: ';
const automations = {
  other: `${text}nobody\n`,
  third: `${text}daemon\n`,
  hooked: `${text}nobody\nbefore: [sh, -c, "id -un; echo made > before.txt"]\nafter: [sh, -c, "id -un; cat before.txt; cat \\"$FARHAND_PARAMETERS\\""]\n`,
  limited: `${text}nobody\nlog: {limitBytes: 5000, over: gap}\n`,
  steered: `${text}nobody\nenvironment: {LD_PRELOAD: "\${parameters.run}"}\n`,
};

/** A place that others may pass through, as a real one is. */
async function createOpenPlace(): Promise<AgentPlace> {
  const place = await createAgentPlace(automations);
  await chmod(place.root, 0o755);
  await chmod(place.gate, 0o777);
  return place;
}

function idOf(user: string, what: string): number {
  return Number(execFileSync('id', [what, user], { encoding: 'utf8' }));
}

/** Also where nobody has waited for it. */
function isDead(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/status`, 'utf8').includes('State:\tZ');
}

/** The names in a job's own folder, and whether they are its user's. */
async function listOwn(folder: string, uid: number): Promise<string[]> {
  const names = await readdir(folder);
  for (const name of names) assert.equal(statSync(join(folder, name)).uid, uid, name);
  return names.toSorted();
}

test('A job runs as the user of its automation: with its groups and home, in a folder of its own, and without ways to more', {
  skip,
}, async () => {
  await using place = await createOpenPlace();
  await place.start();

  const run = `
    id -u; id -g; id -G; echo "$HOME $USER $LOGNAME"; pwd; stat -c %a .; umask
    grep -E 'NoNewPrivs|CapEff|CapPrm|CapAmb' /proc/self/status | tr -d '\\t'
    cat "$FARHAND_PARAMETERS" >/dev/null && echo read
    ls -l /proc/self/fd | grep -c /attempts/ || :
    echo to-stderr > /dev/stderr; echo to-stdout > /dev/stdout
    touch sign; echo '{"n": 7}' > "$FARHAND_OUTPUTS"; ${waitFor('go')}`;
  const id = place.hub.offer({ automation: 'other', parameters: { run } });
  const own = join(place.data, 'users', id);
  await place.hub.until(() => existsSync(join(own, 'outputs')), 'its outputs');
  const names = await listOwn(own, idOf('nobody', '-u'));
  const folder = await stat(place.attemptFolder(id));
  await place.open('go');
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.outputs], ['succeeded', { n: 7 }]);
  const zeros = '0'.repeat(16);
  assert.deepEqual(place.hub.log(id).toString().trimEnd().split('\n'), [
    ...['-u', '-g'].map((what) => String(idOf('nobody', what))),
    execFileSync('id', ['-G', 'nobody'], { encoding: 'utf8' }).trim(),
    `${execFileSync('sh', ['-c', 'echo ~nobody'], { encoding: 'utf8' }).trim()} nobody nobody`,
    own,
    '700',
    '0022',
    `CapPrm:${zeros}`,
    `CapEff:${zeros}`,
    `CapAmb:${zeros}`,
    'NoNewPrivs:1',
    'read',
    // No file of the attempt is open in it.
    '0',
    'to-stderr',
    'to-stdout',
  ]);
  assert.deepEqual(names, ['outputs', 'parameters.json', 'script', 'sign']);
  assert.deepEqual([folder.uid, folder.mode & 0o777], [0, 0o700]);
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the freed folder');
  assert.equal(existsSync(own), false);
});

test('A hostile job cannot read, forge or replace what the agent keeps of it, nor cut its log', { skip }, async () => {
  await using place = await createOpenPlace();
  await place.start();
  const victim = place.hub.offer({
    automation: 'third',
    parameters: { run: `echo secret > mine; ${waitFor('end')}` },
    secrets: { word: 'hunter2-long' },
  });
  await place.hub.until(() => existsSync(join(place.data, 'users', victim, 'mine')), 'the other job');
  const own = idOf('nobody', '-u');

  const run = `
    set +eu; echo begun
    attempt=${place.data}/attempts/$FARHAND_ATTEMPT_ID
    for file in started exit raw intent.json document.json result.json claim.json sink; do
      cat "$attempt/$file" && echo "READ $file"
      echo 0 > "$attempt/$file" && echo "WROTE $file"
      rm -f "$attempt/$file"; mv script "$attempt/$file" && echo "REPLACED $file"
    done
    ls "$attempt" "$attempt/.." ${place.data} ${place.data}/users && echo LISTED
    cat ${place.data}/users/${victim}/mine ${place.data}/identity.json && echo "READ THEIRS"
    for pid in $(ls /proc | grep '^[0-9]'); do
      tr '\\0' '\\n' < /proc/$pid/environ | grep -q '^FARHAND_SECRET_WORD=' && echo "READ SECRETS"
      case $(stat -c %u /proc/$pid) in 0) kill -9 $pid && echo "KILLED $pid";; esac
    done
    perl -e 'truncate(STDOUT, 0) and print "CUT BY DESCRIPTOR\\n"'
    for fd in /proc/self/fd/* /proc/$PPID/fd/*; do truncate -s 0 "$fd" && echo "CUT $fd"; done
    mv ${place.data}/users/$FARHAND_ATTEMPT_ID ${place.data}/users/x && echo "MOVED"
    ln -s /etc/shadow "$FARHAND_OUTPUTS"
    ln -s /etc/shadow "$FARHAND_PROGRESS"
    exec 2>&1; echo done; exit 3`;
  const id = place.hub.offer({ automation: 'other', parameters: { run: `{ ${run}\n} 2>/dev/null` } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.exitCode, result.started], ['failed', 3, true]);
  assert.deepEqual(place.hub.log(id).toString().split('\n'), ['begun', 'done', '']);
  await place.open('end');
  assert.equal((await place.hub.result(victim)).outcome, 'succeeded');
  assert.ok(own > 0);
});

for (const { what, plant } of [
  { what: 'a link to a file of root', plant: 'ln -s /etc/shadow "$FARHAND_OUTPUTS"' },
  { what: 'a pipe', plant: 'mkfifo "$FARHAND_OUTPUTS"' },
  { what: 'a folder', plant: 'mkdir "$FARHAND_OUTPUTS"' },
]) {
  test(`${what} in the place of the outputs of another user's job is refused`, { skip }, async () => {
    await using place = await createOpenPlace();
    await place.start();

    const id = place.hub.offer({ automation: 'other', parameters: { run: plant } });
    const result = await place.hub.result(id);

    assert.deepEqual([result.outcome, result.cause, result.outputs], ['failed', 'outputs-invalid', null]);
    assert.match(result.message ?? '', /expected a plain file at FARHAND_OUTPUTS/);
  });
}

test('Files of root under other names are neither published as outputs or progress nor written to', {
  skip,
}, async () => {
  await using place = await createOpenPlace();
  const heard: Progress[] = [];
  place.hub.intercept = (frame) => {
    if (frame.type === 'progress') heard.push(frame);
    return false;
  };
  await place.start();
  const precious = join(place.gate, 'precious');
  await writeFile(precious, '50 not for you\nkey=value\n');
  await chmod(precious, 0o600);

  const run = `: > ready; ${waitFor('planted')}; sleep 0.3; echo '::progress 60::'; ${waitFor('told')}`;
  const id = place.hub.offer({ automation: 'hooked', parameters: { run } });
  const own = join(place.data, 'users', id);
  await place.hub.until(() => existsSync(join(own, 'ready')), 'the job');
  // What the kernel refuses a user where fs.protected_hardlinks is on.
  for (const name of ['outputs', 'progress']) execFileSync('ln', [precious, join(own, name)]);
  execFileSync('ln', ['-f', precious, join(own, 'parameters.json')]);
  await place.open('planted');
  await place.hub.until(() => heard.length > 0, 'progress');
  await place.open('told');
  const result = await place.hub.result(id);

  assert.equal(result.cause, 'outputs-invalid');
  assert.match(result.message ?? '', /expected a file of the job's user/);
  assert.deepEqual([...new Set(heard.map(({ percent }) => percent))], [60]);
  assert.equal(readFileSync(precious, 'utf8'), '50 not for you\nkey=value\n');
});

test('What a job of another user left is removed when its attempt was deleted while no agent was there', {
  skip,
}, async () => {
  await using place = await createOpenPlace();
  const first = await place.start();
  const run = `mkdir -p a/b; touch a/b/c ready; ${waitFor('go')}`;
  const ids = [0, 1].map(() => place.hub.offer({ automation: 'other', parameters: { run } }));
  const [lost = '', kept = ''] = ids;
  const own = (id: string) => join(place.data, 'users', id);
  await place.hub.until(() => ids.every((id) => existsSync(join(own(id), 'ready'))), 'the jobs');
  await first[Symbol.asyncDispose]();

  await rm(place.attemptFolder(lost), { recursive: true });
  await place.start();

  assert.deepEqual([existsSync(own(lost)), existsSync(own(kept))], [false, true]);
  await place.open('go');
  assert.equal((await place.hub.result(kept)).outcome, 'succeeded');
});

test('A disk without room for the files of another user is a reason never to start, and nothing is left', {
  skip,
}, async (t) => {
  await using place = await createOpenPlace();
  const users = join(place.data, 'users');
  using disk = mountSmallDisk(users, '64k');
  if (disk === null) return t.skip('nothing can be mounted here');
  const full = join(users, '.full');
  execFileSync('sh', ['-c', 'dd if=/dev/zero of="$0" bs=4k 2>/dev/null || :', full]);
  const agent = await place.start();

  const id = place.hub.offer({ automation: 'other', parameters: { run: 'echo ran' } });
  const hooked = place.hub.offer({ automation: 'hooked', parameters: { run: 'echo ran' } });
  const results = [await place.hub.result(id), await place.hub.result(hooked)];
  await place.hub.until(() => agent.status().attempts.length === 0, 'the folders to be freed');

  for (const { outcome, cause, started } of results)
    assert.deepEqual([outcome, cause, started], ['never-started', 'start-failed', false]);
  assert.match(results[0]?.message ?? '', /ENOSPC/);
  assert.deepEqual(await readdir(users), ['.full']);
});

test('Hooks run as the same user, in the same folder', { skip }, async () => {
  await using place = await createOpenPlace();
  await place.start();

  const id = place.hub.offer({
    automation: 'hooked',
    parameters: { run: 'cat before.txt; rm parameters.json; mkdir -p x/y' },
  });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.message], ['succeeded', 'the program ended with 0']);
  const parameters = JSON.stringify({ run: 'cat before.txt; rm parameters.json; mkdir -p x/y' });
  assert.equal(place.hub.log(id).toString(), `nobody\nmade\nnobody\nmade\n${parameters}`);
});

test('Progress of another user is told, by its file and by its log', { skip }, async () => {
  await using place = await createOpenPlace();
  const heard: Progress[] = [];
  place.hub.intercept = (frame) => {
    if (frame.type === 'progress') heard.push(frame);
    return false;
  };
  await place.start();

  const run = `echo '20 here' >> "$FARHAND_PROGRESS"; ${waitFor('first')}; echo '::progress 40::there'; ${waitFor('go')}`;
  const id = place.hub.offer({ automation: 'other', parameters: { run } });
  await place.hub.until(() => heard.some(({ message }) => message === 'here'), 'the file');
  await place.open('first');
  await place.hub.until(() => heard.some(({ message }) => message === 'there'), 'the line');
  await place.open('go');
  assert.equal((await place.hub.result(id)).outcome, 'succeeded');
});

test('A cancel ends the whole tree of another user, also what left its session', { skip }, async () => {
  await using place = await createOpenPlace();
  await place.start();

  const run = `setsid sh -c 'trap "" TERM; echo $$ > child; while :; do sleep 0.05; done' & ${waitFor('never')}`;
  const id = place.hub.offer({ automation: 'other', parameters: { run } });
  const child = join(place.data, 'users', id, 'child');
  await place.hub.until(() => existsSync(child) && readFileSync(child, 'utf8').endsWith('\n'), 'the child');
  const pid = Number(readFileSync(child, 'utf8'));
  await place.hub.cancel(id);
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.escaped], ['cancelled', 0]);
  assert.ok(isDead(pid));
});

test('Another agent adopts the job of another user: its log, its outputs and its end', { skip }, async () => {
  await using place = await createOpenPlace();
  const first = await place.start();
  const run = `echo one; ${waitFor('go')}; echo two; echo 'k=v' > "$FARHAND_OUTPUTS"`;
  const id = place.hub.offer({ automation: 'other', parameters: { run } });
  await place.hub.until(() => place.hub.log(id).toString() === 'one\n', 'its log');

  await first[Symbol.asyncDispose]();
  await place.start();
  await place.open('go');
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.outputs], ['succeeded', { k: 'v' }]);
  assert.equal(place.hub.log(id).toString(), 'one\ntwo\n');
  assert.deepEqual([result.log.sha256, result.log.complete], [place.hub.digest(id), true]);
});

test('A limited log of another user counts what it drops', { skip }, async () => {
  await using place = await createOpenPlace();
  await place.start();

  const id = place.hub.offer({ automation: 'limited', parameters: { run: 'head -c 9000 /dev/zero' } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.outcome, result.log.gaps], ['succeeded', [{ at: 5000, bytes: 4000, why: 'log-limit' }]]);
});

test('When what moves the output of another user to its log is killed, the log says that it is not whole', {
  skip,
}, async () => {
  await using place = await createOpenPlace();
  await place.start();

  const run = `echo one; ${waitFor('go')}; trap '' PIPE; echo two 2>/dev/null || :`;
  const id = place.hub.offer({ automation: 'other', parameters: { run } });
  await place.hub.until(() => place.hub.log(id).toString() === 'one\n', 'its log');
  for (const name of await readdir('/proc')) {
    const marks = /^\d+$/.test(name) ? readMarks(Number(name)) : null;
    if (marks?.type === 'read' && marks.sink && marks.attempts.includes(id)) process.kill(Number(name), 'SIGKILL');
  }
  await place.open('go');
  const result = await place.hub.result(id);

  assert.equal(result.log.complete, false);
  assert.deepEqual(result.log.gaps, [{ at: 4, bytes: null, why: 'sink-died' }]);
});

test('A variable by which the programs of the agent could be steered refuses the job', { skip }, async () => {
  await using place = await createOpenPlace();
  await place.start();

  const id = place.hub.offer({ automation: 'steered', parameters: { run: '/tmp/evil.so' } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.cause, result.started], ['start-failed', false]);
  assert.match(result.message ?? '', /LD_PRELOAD/);
});

test('A job of another user whose way to its folder is closed is refused with the folder that closes it', {
  skip,
}, async () => {
  await using place = await createOpenPlace();
  await chmod(place.root, 0o700);
  await place.start();

  const id = place.hub.offer({ automation: 'other', parameters: { run: 'echo no' } });
  const result = await place.hub.result(id);

  assert.deepEqual([result.cause, result.started], ['start-failed', false]);
  assert.ok(result.message?.includes(`the folder ${place.root} lets nobody else through`), result.message ?? '');
});

test("A user's folder is removed however it was left, and what its links lead to is not", {
  skip,
}, async (t: TestContext) => {
  const root = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  t.after(() => execFileSync('rm', ['-rf', root]));
  const precious = join(root, 'precious');
  await mkdir(precious);
  await writeFile(join(precious, 'file'), 'here');
  const folder = join(root, 'folder');
  await mkdir(folder);
  const mess = `cd ${folder}; ln -s ${precious} link; mkdir closed; ln -s ${precious}/file closed/in; chmod 0 closed; mkfifo pipe; touch -- -rf`;
  execFileSync('sh', ['-c', mess]);
  // Deeper than a path may be long.
  const deep =
    'for (let i = 0; i < 700; i += 1) { fs.mkdirSync("deeper"); process.chdir("deeper"); fs.symlinkSync(process.argv[1], "link"); }';
  execFileSync(process.execPath, ['-e', deep, precious], { cwd: folder });

  await removeUserFolder(folder);
  await removeUserFolder(folder);

  assert.equal(existsSync(folder), false);
  assert.equal(readFileSync(join(precious, 'file'), 'utf8'), 'here');
  await removeUserFolder(join(root, 'nothing'));
});
