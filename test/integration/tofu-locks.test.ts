import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { waitFor } from '../agent/agent-place.ts';
import { checkLeaks } from '../support/leak-check.ts';
import { createStateServer } from '../support/state-server.ts';
import {
  assertSucceeded,
  automation,
  chosen,
  createTofuPlace,
  net,
  planned,
  run,
  summaryOf,
  tofu,
} from './tofu-place.ts';

checkLeaks();

suite('the state of a module of OpenTofu', () => {
  test('whose state another job holds says who, and does nothing', { skip: tofu.skip }, async () => {
    await using place = await createTofuPlace();
    await place.start();
    const first = place.hub.offer({
      automation: 'net',
      parameters: { action: 'apply', run: `echo working; ${waitFor('go')}` },
    });
    await place.hub.until(() => place.hub.log(first).toString().includes('exec): working'), 'the first job at work');

    const second = await run(place, { action: 'apply', name: 'second' });
    await place.open('go');
    const result = await place.hub.result(first);

    assert.equal(second.outcome, 'failed');
    assert.match(
      second.message,
      /the state is locked by \S+ since .* \(OperationTypeApply\), lock id [0-9a-f-]{36}: .* with the action unlock and this id/,
    );
    assertSucceeded(place, result);
    assert.deepEqual(result.outputs['values'], { name: 'nobody', list: [] });
  });

  test('whose state another job holds waits for it, as long as it is told to', { skip: tofu.skip }, async () => {
    const patient = net.replace('lockTimeoutSeconds: 0', 'lockTimeoutSeconds: 50');
    await using place = await createTofuPlace({ patient });
    await place.start();
    const first = place.hub.offer({
      automation: 'net',
      parameters: { action: 'apply', name: 'first', run: `echo working; ${waitFor('go')}` },
    });
    await place.hub.until(() => place.hub.log(first).toString().includes('exec): working'), 'the first job at work');
    const second = place.hub.offer({ automation: 'patient', parameters: { action: 'apply', name: 'second' } });
    await place.hub.until(
      () => place.hub.log(second).toString().includes('Acquiring state lock'),
      'the second to wait',
    );

    await place.open('go');
    const results = [await place.hub.result(first), await place.hub.result(second)];

    assert.deepEqual(
      results.map(({ outcome, outputs }) => [outcome, outputs?.['values']]),
      [
        ['succeeded', { name: 'first', list: [] }],
        ['succeeded', { name: 'second', list: [] }],
      ],
    );
  });

  test('that is killed in the midst of apply leaves no lock in a folder', { skip: tofu.skip }, async () => {
    const hasty = `${net}graceSeconds: 0\n`;
    await using place = await createTofuPlace({ hasty });
    await place.start();
    const parameters = { action: 'apply', run: 'echo working; exec sleep 30' };
    const id = place.hub.offer({ automation: 'hasty', parameters });
    await place.hub.until(() => place.hub.log(id).toString().includes('exec): working'), 'the job at work');

    await place.hub.cancel(id);
    const result = await place.hub.result(id);
    const next = await run(place, { action: 'apply', name: 'next' });

    assert.deepEqual([result.outcome, result.escaped], ['cancelled', 0]);
    assert.ok(!place.hub.log(id).toString().includes('Gracefully shutting down'));
    assertSucceeded(place, next);
  });

  test('that is cancelled in the midst of apply gives its lock back, and the next job goes on from there', {
    skip: tofu.skip,
  }, async () => {
    await using place = await createTofuPlace();
    await place.start();
    const id = place.hub.offer({
      automation: 'net',
      parameters: { action: 'apply', run: 'echo working; exec sleep 30' },
    });
    await place.hub.until(() => place.hub.log(id).toString().includes('exec): working'), 'the job at work');

    await place.hub.cancel(id);
    const result = await place.hub.result(id);
    const left = readdirSync(join(place.root, 'state'));
    const next = await run(place, { action: 'apply', name: 'next' });

    assert.deepEqual([result.outcome, result.cause, result.escaped], ['cancelled', 'cancelled', 0]);
    assert.match(place.hub.log(id).toString(), /Gracefully shutting down/);
    assert.ok(!left.some((name) => name.includes('lock')), left.join(' '));
    assertSucceeded(place, next);
    assert.deepEqual(summaryOf(next), planned({ add: 1, change: 1, destroy: 1 }));
  });

  test('that runs on while its agent is replaced is adopted, and its outputs are read by another catalog', {
    skip: tofu.skip,
  }, async () => {
    await using place = await createTofuPlace();
    const agent = await place.start();
    const id = place.hub.offer({
      automation: 'net',
      parameters: { action: 'apply', name: 'ada', run: `echo working; ${waitFor('go')}` },
      secrets: { password: 'secret-of-the-job' },
    });
    await place.hub.until(() => place.hub.log(id).toString().includes('exec): working'), 'the job at work');

    await agent[Symbol.asyncDispose]();
    await rm(join(place.root, 'automations/net.yaml'));
    await place.start();
    await place.open('go');
    const result = await place.hub.result(id);

    assertSucceeded(place, result);
    assert.deepEqual(result.outputs['values'], { name: 'ada', list: [] });
    assert.deepEqual(summaryOf(result), planned({ add: 2, change: 0, destroy: 0 }));
  });

  test('on a backend of its own is unlocked by the id that the message tells, after a run that was killed', {
    skip: tofu.skip,
  }, async () => {
    await using server = await createStateServer();
    const remote = automation(
      ...chosen,
      'lockTimeoutSeconds: 0',
      `backendConfig: {address: "${server.url}", lock_address: "${server.url}", unlock_address: "${server.url}"}`,
    );
    await using place = await createTofuPlace({ remote });
    await writeFile(join(place.root, 'automations/network/backend.tf'), 'terraform {\n  backend "http" {}\n}\n');
    await place.start();
    const request = (parameters: JsonObject): Promise<AttemptResult> =>
      run(place, { lock: 'none', ...parameters }, { automation: 'remote' });
    const id = place.hub.offer({
      automation: 'remote',
      parameters: { action: 'apply', lock: 'none', run: 'echo working; kill -9 $PPID' },
    });

    const killed = await place.hub.result(id);
    const locked = await request({ action: 'apply' });
    const lock = /lock id (\S+):/.exec(locked.message)?.[1] ?? '';
    const unlocked = await request({ action: 'unlock', lock });
    const next = await request({ action: 'apply', name: 'next' });

    assert.deepEqual([killed.outcome, killed.cause, killed.signal], ['failed', 'signal', 'SIGKILL']);
    assert.match(killed.message, /apply was killed: .* may still be locked/);
    assert.match(locked.message, /the state is locked by \S+ since .* with the action unlock and this id/);
    assert.deepEqual([unlocked.outcome, unlocked.outputs], ['succeeded', { action: 'unlock' }]);
    assertSucceeded(place, next);
    assert.equal(server.lock, null);
  });

  test('whose backend does not take the new state leaves it where the message says', { skip: tofu.skip }, async () => {
    await using server = await createStateServer();
    const remote = automation(
      'action: apply',
      `backendConfig: {address: "${server.url}"}`,
      'inherit: [LEAK_CHECK, HOME]',
    );
    await using place = await createTofuPlace({ remote: remote.replace('inherit: [LEAK_CHECK, GATE]\n', '') });
    await writeFile(
      join(place.root, 'automations/network/backend.tf'),
      'terraform {\n  backend "http" {\n    retry_max = 0\n  }\n}\n',
    );
    await place.start({
      environment: { PATH: '/usr/bin:/bin', LEAK_CHECK: String(process.pid), HOME: place.root },
    });
    server.refuseWrites();

    const result = await run(place, { name: 'ada' }, { automation: 'remote' });

    const kept = /kept in (\S+):/.exec(result.message)?.[1] ?? '';
    assert.equal(result.outcome, 'failed');
    assert.ok(existsSync(kept), result.message);
    assert.match(readFileSync(kept, 'utf8'), /"name":\{"value":"ada"/);
  });

  test('whose backend does not take the new state leaves it outside where there is no home', {
    skip: tofu.skip,
  }, async () => {
    await using server = await createStateServer();
    const remote = automation(
      'action: apply',
      `backendConfig: {address: "${server.url}"}`,
      'inherit: [LEAK_CHECK, HOME]',
    );
    await using place = await createTofuPlace({ remote: remote.replace('inherit: [LEAK_CHECK, GATE]\n', '') });
    await writeFile(
      join(place.root, 'automations/network/backend.tf'),
      'terraform {\n  backend "http" {\n    retry_max = 0\n  }\n}\n',
    );
    await place.start({
      environment: { PATH: '/usr/bin:/bin', LEAK_CHECK: String(process.pid), HOME: '/proc/none' },
    });
    server.refuseWrites();

    const result = await run(place, { name: 'ada' }, { automation: 'remote' });

    const kept = /kept in (\S+):/.exec(result.message)?.[1] ?? '';
    assert.equal(result.outcome, 'failed');
    assert.ok(existsSync(kept), result.message);
    assert.match(readFileSync(kept, 'utf8'), /"name":\{"value":"ada"/);
    await rm(kept);
  });
});
