import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { prepare } from '../../../agent/automations/prepare.ts';
import type { PreparedCommand } from '../../../agent/automations/prepared-command.ts';
import type { Refusal } from '../../../agent/automations/refusal.ts';
import { createPreparation, readAutomation } from './sample.ts';

function prepared(...given: Parameters<typeof prepare>): PreparedCommand {
  const result = prepare(...given);
  if (result.type === 'refused') assert.fail(result.message);
  return result.command;
}

function refused(...given: Parameters<typeof prepare>): Refusal {
  const result = prepare(...given);
  if (result.type === 'prepared') assert.fail('expected a refusal');
  return result;
}

suite('prepare', () => {
  test('makes one argument of each placeholder, whatever it holds', () => {
    const automation = readAutomation(
      'run: [p, "${parameters.text}", "--n=${parameters.n},${parameters.yes},${parameters.none}", "${parameters.list}", "${parameters.o.deep.1}", "${agent.name}/${agent.labels.site}/${agent.labels.example.org/rack}", "${job.id}", "${attempt.number}", "$${x.y} ${HOME}", ""]',
    );
    const parameters = {
      text: 'a "b" $(c)\n',
      n: 1.5,
      yes: true,
      none: null,
      list: [1, { a: 'ü' }],
      o: { deep: ['x', 'y'] },
    };

    const { argv } = prepared(automation, createPreparation({ document: { parameters } }));

    assert.deepEqual(argv, [
      'p',
      'a "b" $(c)\n',
      '--n=1.5,true,null',
      '[1,{"a":"ü"}]',
      'y',
      'a1/ams/r7',
      '0190d2a6-0000-7000-8000-000000000001',
      '1',
      '${x.y} ${HOME}',
      '',
    ]);
  });

  test('does not look for placeholders in values', () => {
    const automation = readAutomation('run: [p, "${parameters.a}"]\nenvironment: {A: "${parameters.a}"}');
    const preparation = createPreparation({ secrets: { s: 'hush' }, document: { parameters: { a: '${secrets.s}' } } });

    const { argv, environment } = prepared(automation, preparation);

    assert.equal(argv[1], '${secrets.s}');
    assert.equal(environment['A'], '${secrets.s}');
  });

  test('fills in the defaults of the schema, in arguments, variables and file', () => {
    const automation = readAutomation(
      'run: [p, "${parameters.name}"]\nparameters: {properties: {name: {default: world}}}',
    );

    const { argv, environment, files } = prepared(automation, createPreparation());

    assert.equal(argv[1], 'world');
    assert.equal(environment['FARHAND_PARAM_NAME'], 'world');
    assert.deepEqual(files, [{ name: 'parameters.json', content: '{"name":"world"}', executable: false }]);
  });

  test('gives the program a few variables of the agent, its own, and those of the file', () => {
    const automation = readAutomation(
      'run: [p]\nenvironment: {LANG: C, URL: "db://u:${secrets.db-password}@${parameters.host}"}\ninherit: [HTTPS_PROXY, NOT_SET]',
    );
    const preparation = createPreparation({
      secrets: { 'db-password': 'hush' },
      environment: {
        PATH: '/bin',
        HOME: '/h',
        LANG: 'de',
        TZ: 'UTC',
        TMPDIR: '/t',
        HTTPS_PROXY: 'p',
        FARHAND_JOIN_TOKEN: 'x',
        OTHER: 'y',
      },
      document: {
        number: 3,
        traceparent: '00-1-2-01',
        tracestate: 'congo=t61',
        parameters: { host: 'h', 'max-size': 5, on: false, list: [1], größe: 'x' },
      },
    });

    const { environment, workingDirectory } = prepared(automation, preparation);

    assert.deepEqual(environment, {
      PATH: '/bin',
      HOME: '/h',
      LANG: 'C',
      TZ: 'UTC',
      TMPDIR: '/t',
      HTTPS_PROXY: 'p',
      URL: 'db://u:hush@h',
      FARHAND_JOB_ID: '0190d2a6-0000-7000-8000-000000000001',
      FARHAND_ATTEMPT_ID: '0190d2a6-0000-7000-8000-000000000002',
      FARHAND_ATTEMPT: '3',
      FARHAND_PARAMETERS: '/attempt/parameters.json',
      FARHAND_OUTPUTS: '/attempt/outputs',
      FARHAND_PROGRESS: '/attempt/progress',
      TRACEPARENT: '00-1-2-01',
      TRACESTATE: 'congo=t61',
      FARHAND_PARAM_HOST: 'h',
      FARHAND_PARAM_MAX_SIZE: '5',
      FARHAND_PARAM_ON: 'false',
      FARHAND_PARAM_LIST: '[1]',
      FARHAND_PARAM_GR__E: 'x',
      FARHAND_SECRET_DB_PASSWORD: 'hush',
    });
    assert.equal(workingDirectory, '/attempt');
  });

  test('puts a parameter of more than 64 KiB into the file only', () => {
    const parameters = { fits: 'x'.repeat(65_536), long: 'x'.repeat(65_537) };

    const { environment, files } = prepared(
      readAutomation('run: [p]'),
      createPreparation({ document: { parameters } }),
    );

    assert.equal(environment['FARHAND_PARAM_FITS']?.length, 65_536);
    assert.equal(environment['FARHAND_PARAM_LONG'], undefined);
    assert.deepEqual(JSON.parse(files[0]?.content ?? ''), parameters);
  });

  test('takes the working directory from the attempt, or as it is when absolute', () => {
    assert.equal(
      prepared(readAutomation('run: [p]\nworkingDirectory: a/b'), createPreparation()).workingDirectory,
      '/attempt/a/b',
    );
    assert.equal(
      prepared(readAutomation('run: [p]\nworkingDirectory: /srv'), createPreparation()).workingDirectory,
      '/srv',
    );
  });

  test('writes a script to a file and hands it to the interpreter', () => {
    const script = 'echo "${HOME}" $1\n';

    const standard = prepared(readAutomation(`script: |\n  ${script}`), createPreparation());
    const python = prepared(readAutomation('script: print(1)\ninterpreter: [python3, "-u"]'), createPreparation());

    assert.deepEqual(standard.argv, ['sh', '-eu', '/attempt/script']);
    assert.deepEqual(standard.files[1], { name: 'script', content: script, executable: false });
    assert.deepEqual(python.argv, ['python3', '-u', '/attempt/script']);
  });

  test('refuses parameters that do not fit, naming each place', () => {
    const automation = readAutomation(
      'run: [p]\nparameters: {properties: {port: {type: integer}, host: {type: string}}, required: [host], additionalProperties: false}',
    );

    const refusal = refused(automation, createPreparation({ document: { parameters: { port: 'x', hst: 1 } } }));

    assert.equal(refusal.cause, 'parameters-invalid');
    assert.deepEqual(refusal.errors.map(({ pointer }) => pointer).toSorted(), [
      '/parameters/host',
      '/parameters/hst',
      '/parameters/port',
    ]);
  });

  const refusals: readonly (readonly [
    string,
    string,
    Parameters<typeof createPreparation>[0],
    Refusal['cause'],
    RegExp,
    string?,
  ])[] = [
    [
      'a parameter that a placeholder needs',
      'run: [p, "${parameters.a.b}"]',
      { document: { parameters: { a: {} } } },
      'parameters-invalid',
      /needs \$\{parameters\.a\.b\}, and the job has none/,
      '/parameters/a/b',
    ],
    [
      'an inherited property for a parameter',
      'run: [p, "${parameters.constructor.name}"]',
      {},
      'parameters-invalid',
      /has none/,
      '/parameters/constructor/name',
    ],
    [
      'a label that a placeholder needs',
      'run: [p, "${agent.labels.tier}"]',
      {},
      'start-failed',
      /agent has no such label/,
    ],
    [
      'a secret that a variable needs',
      'run: [p]\nenvironment: {A: "${secrets.s}"}',
      {},
      'parameters-invalid',
      /needs \$\{secrets\.s\}/,
      '/secrets/s',
    ],
    [
      'a secret that was promised',
      'run: [p]',
      { document: { secretNames: ['s'] } },
      'start-failed',
      /its value did not come/,
      '/secrets/s',
    ],
    [
      'parameters that would share a variable',
      'run: [p]',
      { document: { parameters: { 'a-b': 1, A_B: 2 } } },
      'parameters-invalid',
      /"a-b" and "A_B" would both be the variable FARHAND_PARAM_A_B/,
      '/parameters/A_B',
    ],
    [
      'secrets that would share a variable',
      'run: [p]',
      { secrets: { 'a.b': 'x', 'a/b': 'y' } },
      'parameters-invalid',
      /FARHAND_SECRET_A_B/,
      '/secrets/a~1b',
    ],
    [
      'NUL in an argument',
      'run: [p, "${parameters.a}"]',
      { document: { parameters: { a: `${'x'.repeat(70_000)}\0` } } },
      'parameters-invalid',
      /argument 1 holds a NUL/,
    ],
    [
      'NUL in a variable',
      'run: [p]',
      { document: { parameters: { a: 'x\0' } } },
      'parameters-invalid',
      /the variable FARHAND_PARAM_A holds a NUL/,
    ],
    [
      'NUL in a secret, without showing it',
      'run: [p]',
      { secrets: { s: 'hush\0' } },
      'parameters-invalid',
      /^the variable FARHAND_SECRET_S holds a NUL character, which no program can be given there$/,
    ],
    [
      'an argument longer than the system takes',
      'run: [p, "${parameters.a}"]',
      { document: { parameters: { a: 'x'.repeat(131_072) } } },
      'parameters-invalid',
      /argument 1: expected at most 131072 bytes.*FARHAND_PARAMETERS/,
    ],
    [
      'more than the system takes in all',
      'run: [p]',
      {
        document: {
          parameters: Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`p${at}`, 'x'.repeat(60_000)])),
        },
      },
      'parameters-invalid',
      /together: expected at most/,
    ],
  ];
  for (const [title, text, given, cause, message, pointer] of refusals) {
    test(`misses or refuses ${title}`, () => {
      const refusal = refused(readAutomation(text), createPreparation(given));

      assert.equal(refusal.cause, cause);
      assert.match(refusal.message, message);
      assert.equal(refusal.errors[0]?.pointer, pointer);
    });
  }
});
