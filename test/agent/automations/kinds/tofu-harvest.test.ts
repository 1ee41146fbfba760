import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tofuHarvest } from '../../../../agent/automations/kinds/tofu/tofu-harvest.ts';

function files(contents: Readonly<Record<string, string>>): (name: string) => Buffer | null {
  return (name) => (contents[name] === undefined ? null : Buffer.from(contents[name]));
}

function change(address: string, ...actions: readonly string[]): object {
  return { address, mode: 'managed', change: { actions, before: null, after: {} } };
}

const plan = JSON.stringify({
  format_version: '1.2',
  resource_changes: [
    change('a.new', 'create'),
    change('a.changed', 'update'),
    change('a.same', 'no-op'),
    change('data.a.read', 'read'),
    change('a.old', 'delete'),
    change('a.replaced', 'delete', 'create'),
    change('a.replacedLate', 'create', 'delete'),
  ],
});

suite('what tofu leaves', () => {
  test('is counted as it counts itself, and listed without what stays', () => {
    const outputs = tofuHarvest.toOutputs(files({ action: 'plan', changes: 'true', 'plan.json': plan }));

    assert.deepEqual(outputs, {
      action: 'plan',
      changes: true,
      add: 3,
      change: 1,
      destroy: 3,
      resources: [
        { address: 'a.new', action: 'create' },
        { address: 'a.changed', action: 'update' },
        { address: 'a.old', action: 'delete' },
        { address: 'a.replaced', action: 'replace' },
        { address: 'a.replacedLate', action: 'replace' },
      ],
    });
  });

  test('tells the outputs of the module, and of sensitive ones no more than the names', () => {
    const values = JSON.stringify({
      url: { sensitive: false, type: 'string', value: 'https://x' },
      ports: { sensitive: false, value: [80, { a: null }] },
      password: { sensitive: true, type: 'string', value: 'horse' },
    });

    const outputs = tofuHarvest.toOutputs(
      files({ action: 'apply', changes: 'false', 'plan.json': '{}', 'values.json': values }),
    );

    assert.deepEqual(outputs['values'], { url: 'https://x', ports: [80, { a: null }] });
    assert.deepEqual([outputs['sensitive'], outputs['changes'], outputs['add']], [['password'], false, 0]);
    assert.ok(!JSON.stringify(outputs).includes('horse'));
  });

  test('without a plan that can be read still tells whether something changed', () => {
    for (const more of [{}, { 'plan.json': 'no JSON' }, { 'plan.json': '{"resource_changes": 1}' }]) {
      const outputs = tofuHarvest.toOutputs(files({ action: 'plan', changes: 'true', ...more }));

      assert.deepEqual(outputs, {
        action: 'plan',
        changes: true,
        add: null,
        change: null,
        destroy: null,
        resources: [],
      });
    }
  });

  test('is no success where nothing was left, or other values', () => {
    assert.throws(() => tofuHarvest.toOutputs(files({})), /expected files of the plan/);
    const other = { action: 'apply', changes: 'true', 'values.json': '[1]' };
    assert.throws(() => tofuHarvest.toOutputs(files(other)), /expected the outputs of the module/);
  });

  test('names at most 500 resources, and counts all', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => change(`a.b[${index}]`, 'create'));

    const outputs = tofuHarvest.toOutputs(
      files({ action: 'plan', changes: 'true', 'plan.json': JSON.stringify({ resource_changes: many }) }),
    );

    assert.deepEqual([outputs['add'], (outputs['resources'] as unknown[]).length], [2_000, 500]);
  });
});

const lockInfo = `Error: Error acquiring the state lock

Error message: resource temporarily unavailable
Lock Info:
  ID:        a3d6cdbb-3df5-62da-fe3c-8fadab96d3d3
  Path:      /state/terraform.tfstate
  Operation: OperationTypeApply
  Who:       root@vm
  Version:   1.9.1
  Created:   2026-11-30 00:41:56.417145822 +0000 UTC
  Info:      

`;

suite('why tofu failed', () => {
  test('is the holder of the lock, with the way out', () => {
    const told =
      'the state is locked by root@vm since 2026-11-30 00:41:56.417145822 +0000 UTC (OperationTypeApply), lock id a3d6cdbb-3df5-62da-fe3c-8fadab96d3d3: wait for that run, or if it is certain that it is dead, release the lock with the action unlock and this id';
    const framed = lockInfo.replaceAll(/^/gm, '│ ');

    assert.equal(
      tofuHarvest.explain(files({ raw: `${lockInfo}farhand: plan failed\n`, failure: 'plan failed' }), 1),
      told,
    );
    assert.equal(tofuHarvest.explain(files({ raw: framed }), 1), told);
  });

  test('is the step and the first error', () => {
    const raw = 'lines\n\nError: no\u00a0such thing\n\n  on main.tf\n\nError: another\nfarhand: plan failed\n';

    assert.equal(tofuHarvest.explain(files({ raw, failure: 'plan failed' }), 1), 'plan failed: no\u00a0such thing');
    assert.equal(tofuHarvest.explain(files({ raw }), 1), 'no\u00a0such thing');
    assert.equal(
      tofuHarvest.explain(files({ failure: 'the key source: it is none' }), 1),
      'the key source: it is none',
    );
    assert.equal(tofuHarvest.explain(files({ raw: 'Error acquiring the state lock, somebody printed' }), 1), null);
    assert.equal(tofuHarvest.explain(files({}), 1), null);
  });

  test('is what is said of the error, without the place', () => {
    const raw = `
Error: Invalid value for variable

  on main.tf line 22:
  22: variable "need" {
    ├────────────────
    │ var.need is "bad"

The value must not
be bad: give another.

This was checked by the validation rule at main.tf:25,3-13.
`;
    const framed = `╷${raw.replaceAll(/^/gm, '│ ').trimEnd()}\n╵\n`;

    for (const log of [raw, framed]) {
      assert.equal(
        tofuHarvest.explain(files({ raw: log }), 1),
        'Invalid value for variable: The value must not be bad: give another.',
      );
    }
  });

  test('is not taken from a log that was cut before', () => {
    const raw = 'Error: of a hook\nInitializing';

    assert.equal(tofuHarvest.explain(files({ raw, failure: 'plan failed' }), 1), 'plan failed');
  });

  test('is what the program says of a lock that it cannot release', () => {
    const raw = 'Failed to unlock state: LocalState not locked\nfarhand: the state cannot be unlocked\n';

    assert.equal(
      tofuHarvest.explain(files({ raw, failure: 'the state cannot be unlocked' }), 1),
      'the state cannot be unlocked: LocalState not locked',
    );
  });
});
