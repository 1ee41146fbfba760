import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { defaultLimits } from '../../transports/limits.ts';
import { createWebsocketListener } from '../../transports/websocket/listener.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { type AgentPlace, agentId, createAgentPlace, waitFor } from './agent-place.ts';

checkLeaks();

const fixture = join(import.meta.dirname, '../support/fixtures/killed-agent.ts');

/** A place whose hub also listens on a socket, for agents in processes of their own. */
interface KillPlace extends AsyncDisposable {
  readonly place: AgentPlace;
  /** Starts an agent that dies at `step`, and answers when it is dead. */
  spawn(step: string, shell?: string): { readonly child: ChildProcess; readonly dead: Promise<NodeJS.Signals | null> };
}

async function createKillPlace(more: Readonly<Record<string, string>> = {}): Promise<KillPlace> {
  const place = await createAgentPlace(more);
  const listener = createWebsocketListener<string>({
    authenticate: async () => ({ type: 'admitted', principal: agentId }),
    clock: systemClock,
    limits: defaultLimits,
    logger: silentLogger,
  });
  const server = createServer();
  listener.attach(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  place.hub.serve(listener);
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const spawned: ReturnType<KillPlace['spawn']>[] = [];
  return {
    place,
    spawn(step, shell = '/bin/sh') {
      const folders = [place.data, join(place.root, 'automations'), url, place.gate];
      const child = spawn(process.execPath, [fixture, ...folders, step, shell], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const dead = new Promise<NodeJS.Signals | null>((resolve) =>
        child.once('exit', (_code, signal) => resolve(signal)),
      );
      spawned.push({ child, dead });
      return { child, dead };
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of spawned) child.kill('SIGKILL');
      await Promise.all(spawned.map(({ dead }) => dead));
      await listener[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function countStarts(place: AgentPlace, id: string): Promise<number> {
  const ledger = join(place.gate, 'ledger');
  if (!existsSync(ledger)) return 0;
  return (await readFile(ledger, 'utf8')).split('\n').filter((line) => line === id).length;
}

/** Whether a living process has the attempt's id in its environment. */
function carries(pid: string, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`FARHAND_ATTEMPT_ID=${id}`);
  } catch {
    return false;
  }
}

interface Aftermath {
  readonly result: AttemptResult;
  readonly starts: number;
  readonly log: string;
}

/** Lets an agent die at `step` of one job's life, starts another one on its folder, and answers what became of the job. */
async function dieAt(step: string, given: { readonly cancel?: boolean } = {}): Promise<Aftermath> {
  await using killing = await createKillPlace();
  const { place } = killing;
  const { dead } = killing.spawn(step);
  await place.hub.until(() => place.hub.controlIsUp, 'the agent');
  const tail = given.cancel === true ? waitFor('never') : 'echo end';
  const run = `echo "$FARHAND_ATTEMPT_ID" >>"$GATE/ledger"; echo begin; sleep 0.05; ${tail}`;
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  if (given.cancel === true) {
    await place.hub.until(() => place.hub.log(id).length > 0, 'the job to be up');
    await place.hub.cancel(id);
  }

  assert.equal(await dead, 'SIGKILL');
  await place.start();

  const result = await place.hub.result(id);
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');
  return { result, starts: await countStarts(place, id), log: place.hub.log(id).toString() };
}

const whole = { outcome: 'succeeded', starts: 1, log: 'begin\nend\n', complete: true };
const unborn = { outcome: 'never-started', starts: 0, log: '', complete: true };

const steps: readonly (readonly [step: string, expected: readonly object[]])[] = [
  ['before claim.json', [whole]],
  ['torn claim.json', [whole]],
  ['after claim.json', [whole]],
  ['before document.json', [whole]],
  ['torn document.json', [whole]],
  ['after document.json', [unborn]],
  ['after start', [whole, unborn]],
  ['before result.json', [whole]],
  ['torn result.json', [whole]],
  ['after result.json', [whole]],
  ['before tombstone', [whole]],
  ['after tombstone', [whole]],
  ['after removal', [whole]],
];

for (const [step, expected] of steps) {
  test(`Killed ${step}, an agent leaves a folder from which the next one tells the truth`, async () => {
    const { result, starts, log } = await dieAt(step);

    const seen = { outcome: result.outcome, starts, log, complete: result.log.complete };
    assert.ok(
      expected.some((one) => JSON.stringify(one) === JSON.stringify(seen)),
      `expected ${JSON.stringify(expected)}, got ${JSON.stringify(seen)}`,
    );
    assert.equal(result.started, starts === 1);
  });
}

for (const step of ['before intent.json', 'after intent.json']) {
  test(`Killed ${step}, an agent leaves a cancel that the next one completes`, async () => {
    const { result, starts, log } = await dieAt(step, { cancel: true });

    assert.deepEqual([result.outcome, result.cause, result.started], ['cancelled', 'cancelled', true]);
    assert.deepEqual([starts, log], [1, 'begin\n']);
  });
}

test('A shell that is slower than the kill of its agent finds the fence taken, and runs nothing', async () => {
  await using killing = await createKillPlace();
  const { place } = killing;
  const { dead } = killing.spawn('after start', join(import.meta.dirname, '../support/fixtures/slow-shell.sh'));
  await place.hub.until(() => place.hub.controlIsUp, 'the agent');
  const run = 'echo "$FARHAND_ATTEMPT_ID" >>"$GATE/ledger"';
  const id = place.hub.offer({ automation: 'sh', parameters: { run } });
  await dead;

  await place.start();
  const result = await place.hub.result(id);
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');
  await place.open('shell');
  const carriers = () => readdirSync('/proc').filter((pid) => carries(pid, id));
  await place.hub.until(() => carriers().length === 0, 'the slow shell to end');

  assert.deepEqual([result.outcome, result.started], ['never-started', false]);
  assert.equal(await countStarts(place, id), 0);
});

test('A secret printed in two halves around a kill is masked, and its stream matches its digest', async () => {
  await using killing = await createKillPlace();
  const { place } = killing;
  const { child, dead } = killing.spawn('');
  await place.hub.until(() => place.hub.controlIsUp, 'the agent');
  const run = `printf 'begin correct-horse'; ${waitFor('half')}; printf -- '-battery'; ${waitFor('go')}; echo -staple end`;
  const id = place.hub.offer({
    automation: 'sh',
    parameters: { run },
    secrets: { word: 'correct-horse-battery-staple' },
  });
  await place.hub.until(() => place.hub.log(id).toString() === 'begin ', 'the first half');

  child.kill('SIGKILL');
  await dead;
  await place.open('half');
  await place.start();
  await place.open('go');
  const result = await place.hub.result(id);

  assert.equal(place.hub.log(id).toString(), 'begin *** end\n');
  assert.deepEqual([result.outcome, result.log.sha256], ['succeeded', place.hub.digest(id)]);
});

test('Killed again and again while a job prints, agents hand over every byte once', async () => {
  await using killing = await createKillPlace();
  const { place } = killing;
  const run = `echo "$FARHAND_ATTEMPT_ID" >>"$GATE/ledger"; i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); [ $((i % 20)) = 0 ] && sleep 0.01 || :; done`;
  let id = '';
  for (let round = 0; round < 3; round += 1) {
    const { child, dead } = killing.spawn('');
    const epoch = place.hub.leaseEpoch + 1;
    await place.hub.until(() => place.hub.leaseEpoch === epoch && place.hub.controlIsUp, 'the agent');
    if (round === 0) id = place.hub.offer({ automation: 'sh', parameters: { run } });
    const before = round === 0 ? 0 : place.hub.get(id).bytes;
    await place.hub.until(
      () => place.hub.get(id).bytes > before || place.hub.get(id).result !== null,
      'more of the log',
    );
    child.kill('SIGKILL');
    await dead;
  }
  await place.start();

  const result = await place.hub.result(id);

  assert.equal(place.hub.log(id).toString(), Array.from({ length: 3_000 }, (_, line) => `line ${line}\n`).join(''));
  assert.equal(result.log.sha256, place.hub.digest(id));
  assert.equal(await countStarts(place, id), 1);
});

/** Each part notes its name in the attempt's own ledger. */
const note = 'echo ${FARHAND_HOOK-command} >>"$GATE/$FARHAND_ATTEMPT_ID"';
const hooked = [
  'kind: script',
  `script: '${note}; echo command; sleep 0.05'`,
  `before: [sh, -c, '${note}; echo before; sleep 0.05']`,
  `after: [sh, -c, '${note}; echo after; sleep 0.05; echo end']`,
  'log: {limitBytes: 4, over: gap}',
  'inherit: [LEAK_CHECK, GATE]',
].join('\n');

async function dieWithHooksAt(
  step: string,
  user: string | null,
): Promise<{ readonly result: AttemptResult; readonly ran: string }> {
  await using killing = await createKillPlace({ hooked: user === null ? hooked : `${hooked}\nuser: ${user}` });
  const { place } = killing;
  await chmod(place.root, 0o755);
  await chmod(place.gate, 0o777);
  const { dead } = killing.spawn(step);
  await place.hub.until(() => place.hub.controlIsUp, 'the agent');
  const id = place.hub.offer({ automation: 'hooked', parameters: {} });

  assert.equal(await dead, 'SIGKILL');
  await place.start();

  const result = await place.hub.result(id);
  assert.equal(result.log.sha256, place.hub.digest(id));
  await place.hub.until(() => !existsSync(place.attemptFolder(id)), 'the folder to be freed');
  assert.equal(existsSync(join(place.data, 'users', id)), false);
  const ledger = join(place.gate, id);
  const ran = existsSync(ledger) ? (await readFile(ledger, 'utf8')).trim().split('\n').join(' ') : '';
  return { result, ran };
}

const hookSteps: readonly (readonly [step: string, ran: RegExp])[] = [
  ['after document.json', /^$/],
  ['after start of before', /^(before)?$/],
  ['before after.json', /^before command after$/],
  ['after after.json', /^before command after$/],
  ['after start of after', /^before command after$/],
  ['before result.json', /^before command after$/],
];

const users = process.geteuid?.() === 0 ? [null, 'nobody'] : [null];

for (const user of users)
  for (const [step, expected] of hookSteps) {
    const who = user === null ? 'an agent with hooks' : `an agent with hooks of the user ${user}`;
    test(`Killed ${step}, ${who} leaves a folder from which none runs twice, and the truth is told`, async () => {
      const { result, ran } = await dieWithHooksAt(step, user);

      assert.match(ran, expected);
      const born = ran.includes('command');
      assert.deepEqual([result.outcome, result.started], [born ? 'succeeded' : 'never-started', born]);
      const gaps = [{ at: 4, bytes: 'before\ncommand\n'.length - 4, why: 'log-limit' }];
      assert.deepEqual(result.log.gaps, born ? gaps : []);
    });
  }
