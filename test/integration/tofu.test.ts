import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openCatalog } from '../../agent/automations/catalog.ts';
import { prepare } from '../../agent/automations/prepare.ts';
import type { AttemptResult } from '../../protocol/attempt-result.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { createAgentPlace } from '../agent/agent-place.ts';
import { createPreparation, readAutomation } from '../agent/automations/sample.ts';
import { checkLeaks } from '../support/leak-check.ts';
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

suite('a module of OpenTofu', () => {
  test('is planned, applied, changed and destroyed by jobs that share its state', { skip: tofu.skip }, async () => {
    await using place = await createTofuPlace();
    await place.start();

    const plan = await run(place, { action: 'plan', name: 'ada' });
    const apply = await run(place, { action: 'apply', name: 'ada', list: ['x', 'y'] });
    const same = await run(place, { action: 'plan', name: 'ada', list: ['x', 'y'] });
    const changed = await run(place, { action: 'apply', name: 'grace' });
    const destroy = await run(place, { action: 'destroy' });

    assertSucceeded(place, plan);
    assert.deepEqual(plan.outputs, {
      action: 'plan',
      ...planned({ add: 2, change: 0, destroy: 0 }),
      resources: [
        { address: 'terraform_data.name', action: 'create' },
        { address: 'terraform_data.work', action: 'create' },
      ],
    });
    assertSucceeded(place, apply);
    assert.deepEqual(apply.outputs['values'], { name: 'ada', list: ['x', 'y'] });
    assert.deepEqual(apply.outputs['sensitive'], ['password']);
    assert.deepEqual(summaryOf(apply), planned({ add: 2, change: 0, destroy: 0 }));
    assert.deepEqual(summaryOf(same), planned({ add: 0, change: 0, destroy: 0 }));
    assert.deepEqual(summaryOf(changed), planned({ add: 0, change: 1, destroy: 0 }));
    assert.deepEqual(
      [changed.outputs?.['values'], summaryOf(destroy)],
      [{ name: 'grace', list: [] }, planned({ add: 0, change: 0, destroy: 2 })],
    );
    assert.equal((await stat(join(place.root, 'state'))).mode & 0o777, 0o700);
  });

  test('leaves nothing in the folder it comes from, and keeps workspaces apart', { skip: tofu.skip }, async () => {
    const staged = automation(
      'action: apply',
      'stateFolder: ../state',
      'workspace: "${parameters.stage}"',
      'variables: {name: "${parameters.stage}-${agent.name}"}',
    );
    await using place = await createTofuPlace({ staged });
    await place.start();

    const results = await Promise.all(['test', 'live'].map((stage) => run(place, { stage }, { automation: 'staged' })));
    const refused = await run(place, { stage: '../../x' }, { automation: 'staged' });

    for (const result of results) assertSucceeded(place, result);
    assert.deepEqual(
      results.map(({ outputs }) => outputs?.['values']),
      ['test-a1', 'live-a1'].map((name) => ({ name, list: [] })),
    );
    assert.deepEqual(readdirSync(join(place.root, 'state/workspaces')).toSorted(), ['live', 'test']);
    assert.deepEqual(readdirSync(join(place.root, 'automations/network')), ['main.tf']);
    assert.deepEqual([refused.outcome, refused.cause, refused.started], ['failed', 'parameters-invalid', false]);
  });

  const hostile: Readonly<Record<string, string>> = {
    quotes: `it's "quoted" \`like\` \\this\\ '"'"'`,
    expansions: '$(touch pwned) `id` ${HOME} $HOME ${var.password} $${x} %{if true}%% %s {{x}}',
    lines: 'one\ntwo\r\nthree\n\n\ttab\n',
    option: '-destroy',
    emoji: '👩‍🚀 naïve 你好',
    long: `${'0123456789 "\n'.repeat(8_000)}end`,
    empty: '',
  };

  test('gets parameters of any content byte by byte', { skip: tofu.skip }, async () => {
    await using place = await createTofuPlace();
    await place.start();

    const list = Object.values(hostile);
    const result = await run(place, { action: 'apply', name: hostile['long'] ?? '', list });

    assertSucceeded(place, result);
    assert.deepEqual(result.outputs['values'], { name: hostile['long'], list });
  });

  test('gets secrets by its environment, and gives them to neither log nor outputs', { skip: tofu.skip }, async () => {
    const secret = 'correct "horse" ${battery}\nstaple';
    await using place = await createTofuPlace({
      told: automation(
        'action: apply',
        'stateFolder: ../state',
        'variables: {password: "${secrets.word}", run: "${parameters.run}", name: "${parameters.name}"}',
      ),
    });
    await place.start();
    const looks =
      'grep -rls "stapl[e]" ..; echo "arguments: $(tr "\\0" "\\n" </proc/$PPID/cmdline | grep -c "stapl[e]")"';
    const id = place.hub.offer({
      automation: 'told',
      parameters: { run: `echo "got $TF_VAR_password"; ${looks}; true`, name: 'nothing' },
      secrets: { word: secret },
    });

    const result = await place.hub.result(id);
    const log = place.hub.log(id).toString();

    assertSucceeded(place, result);
    assert.match(log, /got \*\*\*/);
    assert.match(log, /arguments: 0/);
    // Only what is made of the plan, and goes with the folder of the attempt.
    const holders = [...log.matchAll(/exec\): \.\.\/(\S+)/g)].map(([, file]) => file);
    assert.deepEqual(
      holders.filter((file) => file !== 'plan.json' && file !== 'plan' && file !== 'raw'),
      [],
    );
    assert.ok(!/battery|staple/.test(log + JSON.stringify(result)), log);
    assert.deepEqual(result.outputs['sensitive'], ['password']);
    const state = JSON.parse(await readFile(join(place.root, 'state/terraform.tfstate'), 'utf8')) as {
      outputs: { password: { value: string } };
    };
    assert.equal(state.outputs.password.value, secret);
  });

  test('that fails says at what, and keeps what it made', { skip: tofu.skip }, async () => {
    await using place = await createTofuPlace();
    await place.start();

    const failed = await run(place, { action: 'apply', run: 'echo no >&2; exit 7' });
    const wrong = await run(place, { action: 'apply', list: 'no list' });
    const again = await run(place, { action: 'plan' });

    assert.deepEqual([failed.outcome, failed.cause, failed.exitCode, failed.outputs], ['failed', 'exit-code', 1, null]);
    assert.match(failed.message, /apply failed: local-exec provisioner error/);
    assert.match(wrong.message, /plan failed: Invalid value for input variable/);
    assert.deepEqual(summaryOf(again), planned({ add: 1, change: 0, destroy: 1 }));
  });

  test('as the examples have it can be tried by anybody', { skip: tofu.skip }, async () => {
    await using place = await createAgentPlace();
    await cp(join(import.meta.dirname, '../../examples/tofu'), join(place.root, 'automations'), { recursive: true });
    await mkdir(join(place.root, 'bin'));
    await symlink(tofu.path, join(place.root, 'bin/tofu'));
    await place.start({
      environment: { PATH: `${join(place.root, 'bin')}:/usr/bin:/bin` },
      catalog: await openCatalog(join(place.root, 'automations')),
    });
    const request = (parameters: JsonObject): Promise<AttemptResult> =>
      run(place, parameters, { automation: 'site', secrets: { token: 'of the site' } });

    const plan = await request({});
    const applied = await request({ action: 'apply', plan: plan.outputs?.['plan'] ?? null });
    const destroyed = await request({ action: 'destroy' });

    assertSucceeded(place, applied);
    assert.deepEqual(applied.outputs['values'], { racks: ['ams-rack-1', 'ams-rack-2'] });
    assert.deepEqual(applied.outputs['sensitive'], ['token']);
    assert.deepEqual(summaryOf(destroyed), planned({ add: 0, change: 0, destroy: 2 }));
  });

  test('tells how far it is, in the file that the environment names', { skip: tofu.skip }, async () => {
    await using place = await createTofuPlace();
    const folder = join(place.root, 'attempt');
    await mkdir(folder);
    const file = join(place.root, 'automations/net.yaml');
    const preparation = createPreparation({ folder, document: { parameters: { action: 'apply' } } });
    const prepared = prepare(readAutomation(net, file), preparation);
    if (prepared.type === 'refused') assert.fail(prepared.message);
    const { argv, environment, files } = prepared.command;
    for (const { name, content } of files) await writeFile(join(folder, name), content);
    const [program, ...rest] = argv;

    execFileSync(program, rest, {
      cwd: folder,
      env: { ...environment, LEAK_CHECK: String(process.pid), FARHAND_PROGRESS: join(folder, 'progress') },
      stdio: 'ignore',
    });

    const lines = readFileSync(join(folder, 'progress'), 'utf8').trim().split('\n');
    assert.deepEqual(
      lines.map((line): unknown => JSON.parse(line)),
      [
        { percent: 5, message: 'initializing' },
        { percent: 20, message: 'planning' },
        { percent: 50, message: 'applying' },
      ],
    );
  });

  test('is not applied by a plan that was made in another workspace', { skip: tofu.skip }, async () => {
    const shown = automation(
      ...chosen,
      'stateFolder: ../state',
      'planFolder: ../plans',
      'plan: "${parameters.plan}"',
      'workspace: "${parameters.stage}"',
    );
    await using place = await createTofuPlace({ shown });
    await place.start();
    const request = (parameters: JsonObject): Promise<AttemptResult> =>
      run(place, { lock: 'none', plan: '', ...parameters }, { automation: 'shown' });

    const made = await request({ action: 'plan', stage: 'test' });
    const plan = made.outputs?.['plan'] ?? null;
    const elsewhere = await request({ action: 'apply', stage: 'live', plan });
    const applied = await request({ action: 'apply', stage: 'test', plan });

    assert.match(elsewhere.message, /there is no plan \S+ in planFolder/);
    assertSucceeded(place, applied);
    assert.deepEqual(summaryOf(applied), planned({ add: 2, change: 0, destroy: 0 }));
  });

  test('is applied exactly as an earlier job planned it, once, and not when its state moved on', {
    skip: tofu.skip,
  }, async () => {
    const shown = automation(
      ...chosen,
      'stateFolder: ../state',
      'planFolder: ../plans',
      'plan: "${parameters.plan}"',
      'variables: {name: "${parameters.name}"}',
    );
    await using place = await createTofuPlace({ shown });
    await place.start();
    const request = (parameters: JsonObject): Promise<AttemptResult> =>
      run(place, { lock: 'none', plan: '', name: 'ignored', ...parameters }, { automation: 'shown' });

    const first = await request({ action: 'plan', name: 'first' });
    const rival = await request({ action: 'plan', name: 'rival' });
    const applied = await request({ action: 'apply', plan: first.outputs?.['plan'] ?? null });
    const stale = await request({ action: 'apply', plan: rival.outputs?.['plan'] ?? null });
    const twice = await request({ action: 'apply', plan: first.outputs?.['plan'] ?? null });
    const foreign = await request({ action: 'apply', plan: '../../etc/passwd' });
    const plans = join(place.root, 'plans/plans-of-');
    const kept = readdirSync(plans);
    await writeFile(join(plans, 'terraform.tfstate'), 'of somebody');
    const longAgo = new Date(Date.now() - 9 * 24 * 3_600_000);
    for (const name of readdirSync(plans)) await utimes(join(plans, name), longAgo, longAgo);
    const last = await request({ action: 'plan' });

    assertSucceeded(place, applied);
    assert.deepEqual(applied.outputs['values'], { name: 'first', list: [] });
    assert.deepEqual(summaryOf(applied), planned({ add: 2, change: 0, destroy: 0 }));
    assert.match(stale.message, /apply failed: Saved plan is stale/);
    assert.match(twice.message, /there is no plan \S+ in planFolder: it was applied/);
    assert.deepEqual([foreign.cause, foreign.started], ['parameters-invalid', false]);
    assert.equal((await stat(plans)).mode & 0o777, 0o700);
    const namesOf = (id: unknown): string[] => [`${String(id)}.changes`, `${String(id)}.tfplan`];
    assert.deepEqual(kept.toSorted(), namesOf(rival.outputs?.['plan']));
    assert.deepEqual(readdirSync(plans).toSorted(), [...namesOf(last.outputs?.['plan']), 'terraform.tfstate']);
  });

  test('that would lose its state, or replace its backend, is not run', { skip: tofu.skip }, async () => {
    const homeless = automation('action: apply');
    await using place = await createTofuPlace({ homeless });
    await place.start();

    const lost = await run(place, {}, { automation: 'homeless' });
    await writeFile(join(place.root, 'automations/network/backend.tf'), 'terraform {\n  backend "http" {}\n}\n');
    const replaced = await run(place, { action: 'apply' });
    await rm(join(place.root, 'automations/network/backend.tf'));
    await writeFile(join(place.root, 'automations/network/terraform.tfstate'), '{"version": 4}');
    const forgotten = await run(place, { action: 'apply' });

    assert.match(lost.message, /its state would be gone with the folder of this job: name a stateFolder/);
    assert.match(replaced.message, /the module names a backend of its own: take that out/);
    assert.match(forgotten.message, /there is a terraform.tfstate in source and none in stateFolder/);
  });
});

test('A job of kind tofu whose program is missing is refused with what to install', async () => {
  const missing = 'kind: tofu\nsource: ./network\naction: apply\nstateFolder: ./state\nprogram: tofu-of-nobody\n';
  await using place = await createTofuPlace({ missing });
  await place.start();

  const result = await run(place, {}, { automation: 'missing' });

  assert.deepEqual([result.outcome, result.cause, result.started], ['failed', 'start-failed', false]);
  assert.match(
    result.message,
    /"tofu-of-nobody" in the PATH of the job .* found none: install OpenTofu on the agent's machine/,
  );
});
